//! The database goes away.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Scene, database, go_on_for};

/// How long the database is away.
const AWAY: Duration = Duration::from_mins(1);

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn killed(program: &Path) -> anyhow::Result<()> {
    let (mut cluster, stores) = database(2)?;
    let scene = Scene::begin(program, &stores)?;
    cluster.kill()?;
    go_on_for(AWAY);
    cluster.start_again()?;
    let back = Instant::now();
    go_on_for(Duration::from_secs(10));
    let ended = scene.end()?;
    println!(
        "  the first call was done {:.1} s after the database was back",
        ended.written.first_after(back)?.as_secs_f64()
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn promoted(program: &Path) -> anyhow::Result<()> {
    let (mut primary, _) = database(0)?;
    let standby = primary.start_standby()?;
    let both = primary.url().replace(
        &format!("localhost:{}", primary.port()),
        &format!("localhost:{},localhost:{}", primary.port(), standby.port()),
    );
    let scene = Scene::begin(program, &[both.clone(), both])?;
    primary.kill()?;
    let lost = Instant::now();
    go_on_for(Duration::from_secs(5));
    standby.promote()?;
    let promoted = Instant::now();
    go_on_for(Duration::from_secs(15));
    let ended = scene.end()?;
    println!(
        "  the first call was done {:.1} s after the primary was lost, {:.1} s after the standby was promoted",
        ended.written.first_after(lost)?.as_secs_f64(),
        ended.written.first_after(promoted)?.as_secs_f64()
    );
    Ok(())
}
