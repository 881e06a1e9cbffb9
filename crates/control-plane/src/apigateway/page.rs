//! Pages of lists: `limit` and `position`.

use std::cmp::Reverse;

use claviger_resources::limits::{API_GATEWAY_PAGE_DEFAULT, API_GATEWAY_PAGE_MAX};
use claviger_store::{Record, Stored, Transaction, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use claviger_resources::Tenant;

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageInput {
    /// At most so many items; 25 unless given, 500 at most.
    pub limit: Option<i64>,
    /// Where the last page ended.
    pub position: Option<String>,
}

/// A page of a list, in the wire's words.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    item: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<T> Page<T> {
    /// The same page of what is made of its items.
    pub(super) fn try_map<U>(self, map: impl FnMut(T) -> Result<U, Error>) -> Result<Page<U>, Error> {
        let item = self.item.into_iter().map(map).collect::<Result<_, _>>()?;
        Ok(Page { item, position: self.position })
    }

    /// Its items.
    pub(super) fn items(&self) -> &[T] {
        &self.item
    }

    /// Where it ended, when there are more.
    pub(super) fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }
}

impl PageInput {
    fn size(&self) -> Result<usize, Error> {
        match self.limit {
            None | Some(0) => Ok(API_GATEWAY_PAGE_DEFAULT),
            Some(limit) => usize::try_from(limit)
                .map(|limit| limit.min(API_GATEWAY_PAGE_MAX))
                .map_err(|_| Error::bad("Invalid limit specified")),
        }
    }

    /// A page of items that are all at hand, in their order.
    pub(super) fn of<T>(&self, items: impl IntoIterator<Item = T>) -> Result<Page<T>, Error> {
        let size = self.size()?;
        let start: usize = match &self.position {
            None => 0,
            Some(position) => position.parse().map_err(|_| Error::bad("Invalid position specified"))?,
        };
        let mut rest = items.into_iter().skip(start);
        let item: Vec<T> = rest.by_ref().take(size).collect();
        let position = rest.next().map(|_| (start + item.len()).to_string());
        Ok(Page { item, position })
    }

    /// A page of items that are all at hand, from the greatest number down; `id` orders those that share one.
    pub(super) fn newest_first<T>(
        &self,
        mut items: Vec<T>,
        number: impl Fn(&T) -> u64,
        id: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Error> {
        let size = self.size()?;
        let place = |item: &T| (Reverse(number(item)), id(item));
        items.sort_by_cached_key(place);
        if let Some(position) = &self.position {
            let (last, last_id) = position
                .split_once('-')
                .and_then(|(number, id)| Some((number.parse().ok()?, id.to_owned())))
                .ok_or_else(|| Error::bad("Invalid position specified"))?;
            items.retain(|item| place(item) > (Reverse(last), last_id.clone()));
        }
        let more = items.len() > size;
        items.truncate(size);
        let position = items.last().filter(|_| more).map(|last| format!("{}-{}", number(last), id(last)));
        Ok(Page { item: items, position })
    }

    /// A page of the records under a parent, ordered by id and read from the store page by page.
    pub(super) async fn read<R: Record, T>(
        &self,
        tx: &mut dyn Transaction,
        tenant: &Tenant,
        parent: &str,
        show: impl Fn(&R) -> T,
    ) -> Result<Page<T>, Error> {
        let size = self.size()?;
        let mut records: Vec<Stored<R>> = tx.list(tenant, parent, self.position.as_deref(), size + 1).await?;
        let more = records.len() > size;
        records.truncate(size);
        let position = records.last().filter(|_| more).map(|last| last.record.id().to_owned());
        Ok(Page { item: records.iter().map(|stored| show(&stored.record)).collect(), position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_a_position_stays_where_it_is() {
        let page = |position: Option<&str>, items: &[(u64, &'static str)]| {
            let input = PageInput { limit: Some(2), position: position.map(str::to_owned) };
            let page = input.newest_first(items.to_vec(), |item| item.0, |item| item.1.to_owned()).unwrap();
            (page.items().to_vec(), page.position().map(str::to_owned))
        };
        let items = [(1, "a"), (7, "d"), (5, "c"), (5, "b"), (9, "e")];
        assert_eq!(page(None, &items), (vec![(9, "e"), (7, "d")], Some("7-d".to_owned())));
        assert_eq!(page(Some("7-d"), &items), (vec![(5, "b"), (5, "c")], Some("5-c".to_owned())));
        assert_eq!(page(Some("5-c"), &items), (vec![(1, "a")], None));
        // Neither a new item nor one that is gone moves it.
        assert_eq!(page(Some("7-d"), &[(10, "f"), (5, "b"), (1, "a")]), (vec![(5, "b"), (1, "a")], None));
        for position in ["", "7", "x-d", "-d"] {
            let input = PageInput { limit: None, position: Some(position.to_owned()) };
            let refused = input.newest_first(vec![(1, "a")], |item| item.0, |item| item.1.to_owned());
            assert_eq!(refused.err().map(|error| error.to_string()).as_deref(), Some("Invalid position specified"));
        }
    }
}
