//! `cargo xtask ci`: exactly what CI runs, with the time of each stage.

use crate::stages::Stages;
use crate::{check, compat, generate, postgres, test};

pub(crate) fn run() -> anyhow::Result<()> {
    let mut stages = Stages::default();
    test::add_stages(&mut stages)?;
    postgres::add_stages(&mut stages, None);
    check::add_stages(&mut stages);
    stages.run("generated files", || generate::run(true));
    compat::add_stages(&mut stages, &compat::Arguments::default())?;
    stages.finish()
}
