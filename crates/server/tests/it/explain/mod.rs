//! Each refusal's id, and what it leads to, over HTTP and by `claviger explain`.

mod access;
mod control_plane;
mod gate;
mod oauth;
mod secrets;

use serde_json::Value;

use crate::stack::{Reply, request};
use crate::support::Server;

impl Reply {
    /// The id that a client sees.
    fn id(&self) -> &str {
        let names = ["x-amz-cognito-request-id", "x-amzn-requestid", "x-amz-request-id", "apigw-requestid"];
        names.iter().find_map(|name| self.header(name)).unwrap_or_else(|| panic!("no id in {self:?}"))
    }
}

impl Server {
    pub(crate) async fn explain(&self, reply: &Reply) -> Value {
        let explained = self.ask(request("GET", &format!("/_claviger/explain/{}", reply.id()), &[], "")).await;
        assert_eq!(explained.status, 200, "{reply:?}: {explained:?}");
        let document = explained.json();
        let refusals = document["refusals"].as_array().unwrap();
        assert_eq!(refusals.len(), 1, "{document}");
        assert_eq!(refusals[0]["id"], reply.id());
        assert_eq!(refusals[0]["answer"]["status"], reply.status.as_u16());
        refusals[0].clone()
    }

    /// Checks who refused, the code, and that reason and setting hold these texts (an empty setting: there is none).
    pub(crate) async fn check(&self, reply: &Reply, surface: &str, code: &str, reason: &str, setting: &str) -> Value {
        let found = self.explain(reply).await;
        let text = |name: &str| found[name].as_str().unwrap_or_default();
        assert_eq!(text("surface"), surface, "{found}");
        assert_eq!(found["answer"]["code"].as_str().unwrap_or_default(), code, "{found}");
        assert!(text("reason").contains(reason), "{reason:?} in {found}");
        assert_eq!(text("setting").is_empty(), setting.is_empty(), "{found}");
        assert!(text("setting").contains(setting), "{setting:?} in {found}");
        found
    }
}
