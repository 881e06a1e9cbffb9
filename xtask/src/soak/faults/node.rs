//! Nodes that are killed.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::{QUOTAS, Scene, database, go_on_for};
use crate::nodes::{Called, Nodes};

/// How often nodes are killed while they make tables, and while they carry out stacks.
const KILLS: u32 = 50;
/// Stacks that are under way at a time.
const STACKS: usize = 10;
/// How long a stack may take that another node has to carry on.
const STACK_MAX: Duration = Duration::from_mins(2);
/// A pool, its server and its client.
const TEMPLATE: &str = r#"{"Resources":{
"Pool":{"Type":"AWS::Cognito::UserPool","Properties":{"UserPoolName":"NAME"}},
"Server":{"Type":"AWS::Cognito::UserPoolResourceServer","Properties":{"UserPoolId":{"Ref":"Pool"},"Identifier":"api","Name":"api","Scopes":[{"ScopeName":"read","ScopeDescription":"read"}]}},
"Client":{"Type":"AWS::Cognito::UserPoolClient","DependsOn":"Server","Properties":{"UserPoolId":{"Ref":"Pool"},"GenerateSecret":true,"AllowedOAuthFlows":["client_credentials"],"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthScopes":["api/read"]}},
"Api":{"Type":"AWS::ApiGateway::RestApi","Properties":{"Name":"NAME"}}}}"#;

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn killed(program: &Path) -> anyhow::Result<()> {
    let (_cluster, stores) = database(2)?;
    let mut scene = Scene::begin(program, &stores)?;
    scene.nodes.node(0)?.kill();
    go_on_for(Duration::from_secs(5));
    let node = scene.nodes.node(0)?;
    node.start()?;
    println!("  ready again {:.0} ms after its start", node.wait_until_ready()?.as_secs_f64() * 1e3);
    scene.end().map(drop)
}

/// A node that is killed at any moment of its first start leaves nothing that another cannot start on.
#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn killed_at_start(program: &Path) -> anyhow::Result<()> {
    let (cluster, stores) = database(1)?;
    let store = stores.first().context("no store")?;
    let schema = |number: u32| format!("{store}&schema=kill_{number}");
    // How long the tables take, to kill within that time.
    let mut whole = Nodes::unstarted(program, &[schema(0)], QUOTAS)?;
    let node = whole.node(0)?;
    node.start()?;
    let duration = node.wait_until_ready()?;
    node.stop()?;
    let mut begun = 0;
    for number in 1..=KILLS {
        let mut nodes = Nodes::unstarted(program, &[schema(number)], QUOTAS)?;
        let node = nodes.node(0)?;
        node.start()?;
        std::thread::sleep(duration * number / KILLS);
        node.kill();
        let found =
            cluster.sql("store", &format!("SELECT count(*) FROM pg_namespace WHERE nspname = 'kill_{number}'"))?;
        begun += u32::from(found == "1");
        node.start()?;
        node.wait_until_ready().with_context(|| format!("killed at moment {number} of {KILLS}"))?;
        node.stop()?;
    }
    println!(
        "  killed {KILLS} times within {:.0} ms, {begun} times after the first table",
        duration.as_secs_f64() * 1e3
    );
    ensure!(begun > 0 && begun < KILLS, "the moments were all before or all after the tables were begun");
    Ok(())
}

/// Stacks whose node is killed at any moment are ended by another node, whole or not at all.
#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn killed_in_stacks(program: &Path) -> anyhow::Result<()> {
    let (_cluster, stores) = database(2)?;
    let mut nodes = Nodes::start(program, &stores, QUOTAS)?;
    let (key, [first, second]) = (nodes.key.clone(), *nodes.addresses().first_chunk().context("two nodes")?);
    let (mut kills, mut longest, mut unended) = (0, Duration::ZERO, 0);
    while kills < KILLS {
        let calls: Vec<_> = (0..STACKS)
            .map(|number| {
                let (key, name) = (key.clone(), format!("stack-{kills}-{number}"));
                std::thread::spawn(move || {
                    let form = format!(
                        "Action=CreateStack&Version=2010-05-15&StackName={name}&TemplateBody={}",
                        percent(&TEMPLATE.replace("NAME", &name))
                    );
                    (name, key.form(first, "cloudformation", &form))
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(u64::from(kills) * 10 + 20));
        let killed = Instant::now();
        nodes.node(0)?.kill();
        let mut named = Vec::new();
        for call in calls {
            named.push(call.join().map_err(|_| anyhow::anyhow!("a caller panicked"))?);
        }
        for (name, called) in &named {
            let status = settled(&key, second, name, killed)?;
            let acknowledged = matches!(called, Called::Done(_));
            ensure!(
                matches!(status.as_deref(), Some("CREATE_COMPLETE")) || (status.is_none() && !acknowledged),
                "{name} (acknowledged: {acknowledged}) ended as {status:?}"
            );
            unended += u32::from(status.is_some() && !acknowledged);
        }
        longest = longest.max(killed.elapsed());
        kills += u32::try_from(STACKS)?;
        let node = nodes.node(0)?;
        node.start()?;
        node.wait_until_ready()?;
    }
    println!(
        "  {kills} stacks under way when their node was killed, {unended} before their call was answered; the last ended by the other node after {:.1} s",
        longest.as_secs_f64()
    );
    for node in &mut nodes.all {
        node.stop()?;
    }
    Ok(())
}

/// What a stack is when nothing is done to it any more; `None` when there is none.
fn settled(
    key: &crate::nodes::Key,
    address: std::net::SocketAddr,
    name: &str,
    since: Instant,
) -> anyhow::Result<Option<String>> {
    loop {
        let form = format!("Action=DescribeStacks&Version=2010-05-15&StackName={name}");
        let text = match key.form(address, "cloudformation", &form) {
            Called::Done(answer) => answer.as_str().unwrap_or_default().to_owned(),
            Called::Refused(_, text) if text.contains("does not exist") => return Ok(None),
            other => {
                other.done()?;
                continue;
            }
        };
        let status = text.split("<StackStatus>").nth(1).and_then(|rest| rest.split('<').next()).context("no status")?;
        if !status.ends_with("_IN_PROGRESS") {
            return Ok(Some(status.to_owned()));
        }
        ensure!(since.elapsed() < STACK_MAX, "{name} is still {status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A value of a form.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
