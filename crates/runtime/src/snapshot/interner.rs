//! One copy of each scope name, however many clients list it.

use std::collections::HashSet;
use std::sync::Arc;

/// The shared texts of a snapshot's builder.
#[derive(Default)]
pub(super) struct Interner {
    texts: HashSet<Arc<str>>,
    /// When to look for texts nobody uses any more.
    sweep_at: usize,
}

impl Interner {
    /// The shared copy of `text`.
    pub(super) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.texts.get(text) {
            return Arc::clone(shared);
        }
        if self.texts.len() >= self.sweep_at.max(1024) {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.sweep_at = self.texts.len() * 2;
        }
        let shared: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&shared));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_shared_and_unused_ones_are_let_go() {
        let mut interner = Interner::default();
        let kept = interner.intern("api/read");
        assert!(Arc::ptr_eq(&kept, &interner.intern("api/read")));
        for number in 0..5000 {
            interner.intern(&format!("scope/{number}"));
        }
        assert!(interner.texts.len() < 3000, "{}", interner.texts.len());
        assert!(Arc::ptr_eq(&kept, &interner.intern("api/read")));
    }
}
