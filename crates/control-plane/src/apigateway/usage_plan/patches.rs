//! What `UpdateUsagePlan` may change. A quota or a throttle may come in parts, so the whole is checked at the end.

use std::collections::BTreeMap;

use claviger_resources::usage_plan::{ApiStage, UsagePlan};
use claviger_resources::{RestApiId, StageName};

use super::super::errors::Error;
use super::super::patch::{Patch, PatchOperation, apply_all};
use super::{QuotaSettings, ThrottleSettings, no_such_stage};

/// A plan after its patches.
pub(super) struct Patched {
    pub(super) plan: UsagePlan,
    /// Stages that were added and must exist.
    pub(super) added: Vec<(String, String)>,
}

/// The plan while it is changed.
struct Draft<'a> {
    plan: &'a mut UsagePlan,
    throttle: Option<ThrottleSettings>,
    quota: Option<QuotaSettings>,
    added: Vec<(String, String)>,
}

/// What may be removed, as AWS lists it.
const REMOVABLE: [&str; 6] = [
    "/apiStages",
    "/quota",
    "/throttle",
    "/productCode",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>",
    "/apiStages/<apidId:stageName>/throttle",
];
/// What may be replaced.
const REPLACEABLE: [&str; 10] = [
    "/name",
    "/description",
    "/productCode",
    "/throttle/rateLimit",
    "/throttle/burstLimit",
    "/quota/limit",
    "/quota/offset",
    "/quota/period",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit",
];

/// Applies patches to a plan.
pub(super) fn apply(plan: &UsagePlan, operations: &[PatchOperation]) -> Result<Patched, Error> {
    let mut patched = plan.clone();
    let quota = plan.quota.map(|quota| QuotaSettings {
        limit: i64::from(quota.limit),
        offset: i64::from(quota.offset),
        period: Some(quota.period.as_str().to_owned()),
    });
    let throttle = plan.throttle.map(ThrottleSettings::from);
    let mut draft = Draft { plan: &mut patched, throttle, quota, added: Vec::new() };
    apply_all(operations, |patch| draft.apply(patch))?;
    let Draft { throttle, quota, added, .. } = draft;
    patched.throttle = throttle.map(ThrottleSettings::limit).transpose()?;
    patched.quota = quota.as_ref().map(QuotaSettings::quota).transpose()?;
    Ok(Patched { plan: patched, added })
}

impl Draft<'_> {
    fn apply(&mut self, patch: Patch<'_>) -> Result<(), Error> {
        if patch.op() == "remove" { self.remove(patch) } else { self.set(patch) }
    }

    fn remove(&mut self, patch: Patch<'_>) -> Result<(), Error> {
        match patch.path().as_slice() {
            ["throttle"] => self.throttle = None,
            ["quota"] => self.quota = None,
            ["productCode"] => self.plan.product_code = None,
            ["apiStages"] => {
                let (api, stage) = api_stage(patch.operation.value.as_deref().unwrap_or_default())?;
                let before = self.plan.api_stages.len();
                self.plan.api_stages.retain(|one| !one.is(api, stage));
                self.added
                    .retain(|(known_api, known_stage)| (known_api.as_str(), known_stage.as_str()) != (api, stage));
                if self.plan.api_stages.len() == before {
                    return Err(no_such_stage(self.plan, api, stage));
                }
            }
            ["apiStages", of, "throttle"] => self.stage(of)?.throttle.clear(),
            ["apiStages", of, "throttle", method @ ..] => {
                let removed = self.stage(of)?.throttle.remove(&method_key(method));
                removed.ok_or_else(|| Error::NotFound("Invalid parameter name specified".to_owned()))?;
            }
            _ => return Err(patch.invalid_replace(&REMOVABLE)),
        }
        Ok(())
    }

    fn set(&mut self, patch: Patch<'_>) -> Result<(), Error> {
        match patch.path().as_slice() {
            ["name"] => {
                patch.only_replace()?;
                let name = patch.value()?;
                if name.is_empty() {
                    return Err(Error::bad("Usage Plan name must not be empty"));
                }
                name.clone_into(&mut self.plan.name);
            }
            ["description"] => self.plan.description = patch.text()?,
            ["productCode"] => self.plan.product_code = patch.text()?,
            ["throttle", member] => set_throttle(self.throttle.get_or_insert_default(), member, patch)?,
            ["quota", "limit"] => self.quota.get_or_insert_default().limit = patch.number()?,
            ["quota", "offset"] => self.quota.get_or_insert_default().offset = patch.number()?,
            ["quota", "period"] => self.quota.get_or_insert_default().period = patch.text()?,
            ["apiStages"] if patch.op() == "add" => self.add_stage(patch.value()?)?,
            ["apiStages", of, "throttle", method @ .., member] => {
                let limits = &mut self.stage(of)?.throttle;
                let mut settings =
                    limits.get(&method_key(method)).copied().map(ThrottleSettings::from).unwrap_or_default();
                set_throttle(&mut settings, member, patch)?;
                limits.insert(method_key(method), settings.limit()?);
            }
            _ => return Err(patch.invalid_replace(&REPLACEABLE)),
        }
        Ok(())
    }

    /// Adds a stage; one that the plan is for already stays as it is.
    fn add_stage(&mut self, value: &str) -> Result<(), Error> {
        let (api, stage) = api_stage(value)?;
        if self.plan.covers(api, stage) {
            return Ok(());
        }
        let not_found = |_| no_such_stage(self.plan, api, stage);
        let api_id = RestApiId::parse(api).map_err(not_found)?;
        let stage_name = StageName::parse(stage).map_err(not_found)?;
        self.plan.api_stages.push(ApiStage { api_id, stage: stage_name, throttle: BTreeMap::new() });
        self.added.push((api.to_owned(), stage.to_owned()));
        Ok(())
    }

    fn stage(&mut self, value: &str) -> Result<&mut ApiStage, Error> {
        let (api, stage) = api_stage(value)?;
        let not_found = no_such_stage(self.plan, api, stage);
        self.plan.api_stages.iter_mut().find(|one| one.is(api, stage)).ok_or(not_found)
    }
}

fn set_throttle(settings: &mut ThrottleSettings, member: &str, patch: Patch<'_>) -> Result<(), Error> {
    match member {
        "rateLimit" => settings.rate_limit = patch.number()?,
        "burstLimit" => settings.burst_limit = patch.number()?,
        _ => return Err(patch.invalid_replace(&REPLACEABLE)),
    }
    Ok(())
}

/// `{api}:{stage}`.
fn api_stage(value: &str) -> Result<(&str, &str), Error> {
    let parts = value.split_once(':').filter(|(api, stage)| !api.is_empty() && !stage.is_empty());
    parts.ok_or_else(|| Error::bad("Invalid API Stage specified"))
}

/// `{path}/{VERB}`, whose slashes callers write as they are or as `~1`.
fn method_key(segments: &[&str]) -> String {
    let joined = segments.join("/");
    if joined.starts_with('/') { joined } else { format!("/{joined}") }
}

#[cfg(test)]
mod tests {
    use claviger_resources::rate::RateLimit;
    use claviger_resources::usage_quota::{QuotaPeriod, UsageQuota};
    use claviger_resources::{AccountId, Region, Tenant, UsagePlanId};

    use super::*;

    fn plan() -> UsagePlan {
        let stage = ApiStage {
            api_id: RestApiId::parse("api1").unwrap(),
            stage: StageName::parse("live").unwrap(),
            throttle: BTreeMap::from([("/pets/GET".to_owned(), RateLimit { rate: 1.0, burst: 2 })]),
        };
        UsagePlan {
            id: UsagePlanId::parse("plan01").unwrap(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            name: "plan".to_owned(),
            description: None,
            api_stages: vec![stage],
            throttle: None,
            quota: None,
            product_code: None,
            tags: None,
        }
    }

    fn patched(operations: &[(&str, &str, Option<&str>)]) -> Result<Patched, Error> {
        let operations: Vec<PatchOperation> = operations
            .iter()
            .map(|(op, path, value)| PatchOperation {
                op: (*op).to_owned(),
                path: (*path).to_owned(),
                value: value.map(str::to_owned),
                from: None,
            })
            .collect();
        apply(&plan(), &operations)
    }

    #[test]
    fn quotas_and_throttles_come_in_parts() {
        let Patched { plan, .. } = patched(&[
            ("add", "/quota/limit", Some("5")),
            ("add", "/quota/offset", Some("1")),
            ("add", "/quota/period", Some("WEEK")),
            ("replace", "/throttle/rateLimit", Some("0.5")),
            ("replace", "/throttle/burstLimit", Some("3")),
        ])
        .unwrap();
        assert_eq!(plan.quota, Some(UsageQuota { limit: 5, offset: 1, period: QuotaPeriod::Week }));
        assert_eq!(plan.throttle, Some(RateLimit { rate: 0.5, burst: 3 }));
        let Patched { plan, .. } = patched(&[
            ("add", "/throttle/rateLimit", Some("1")),
            ("remove", "/throttle", None),
            ("add", "/quota/limit", Some("1")),
            ("remove", "/quota", None),
        ])
        .unwrap();
        assert_eq!((plan.throttle, plan.quota), (None, None));
    }

    #[test]
    fn methods_are_throttled_under_their_path_however_its_slashes_are_written() {
        let check = |path: &str, expected: &[(&str, f64, u32)]| {
            let path = format!("/apiStages/api1:live/throttle/{path}/rateLimit");
            let Patched { plan, .. } = patched(&[("replace", &path, Some("7"))]).unwrap();
            let limits = plan.api_stages[0].throttle.iter();
            let limits: Vec<_> = limits.map(|(method, limit)| (method.as_str(), limit.rate, limit.burst)).collect();
            assert_eq!(limits, expected, "{path}");
        };
        check("/pets/GET", &[("/pets/GET", 7.0, 2)]);
        check("~1pets/GET", &[("/pets/GET", 7.0, 2)]);
        check("pets/GET", &[("/pets/GET", 7.0, 2)]);
        check("~1pets~1{id}/PUT", &[("/pets/GET", 1.0, 2), ("/pets/{id}/PUT", 7.0, 0)]);
        check("//GET", &[("//GET", 7.0, 0), ("/pets/GET", 1.0, 2)]);
        for path in ["/apiStages/api1:live/throttle/~1pets/GET", "/apiStages/api1:live/throttle"] {
            assert!(patched(&[("remove", path, None)]).unwrap().plan.api_stages[0].throttle.is_empty());
        }
    }

    #[test]
    fn stages_come_and_go_by_value() {
        let Patched { plan, added } =
            patched(&[("add", "/apiStages", Some("api2:dev")), ("remove", "/apiStages", Some("api1:live"))]).unwrap();
        assert!(plan.covers("api2", "dev") && !plan.covers("api1", "live"));
        assert_eq!(added, [("api2".to_owned(), "dev".to_owned())]);
        let again = patched(&[("add", "/apiStages", Some("api1:live"))]).unwrap();
        assert_eq!((again.plan, again.added.len()), (super::tests::plan(), 0));
    }

    #[test]
    fn what_cannot_be_changed_is_refused_in_aws_s_words() {
        let check = |op: &str, path: &str, value: Option<&str>, expected: &str| {
            let message = patched(&[(op, path, value)]).err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(message, expected, "{op} {path}");
        };
        check(
            "remove",
            "/apiStages/api1:live",
            None,
            "Invalid patch path  '/apiStages/api1:live' specified for op 'remove'. Must be one of: [/apiStages, /quota, \
             /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, \
             /apiStages/<apidId:stageName>/throttle]",
        );
        check("remove", "/apiStages", None, "Invalid API Stage specified");
        check("add", "/apiStages", Some("api1"), "Invalid API Stage specified");
        let gone = "Invalid API Stage {api: gone, stage: live} specified for usageplan plan01";
        check("remove", "/apiStages", Some("gone:live"), gone);
        check("replace", "/apiStages/gone:live/throttle/~1pets/GET/rateLimit", Some("1"), gone);
        check("add", "/quota/limit", Some("5"), "Invalid quota period specified. Valid options are DAY, WEEK, MONTH");
        check("replace", "/throttle/rateLimit", Some("-1"), "Invalid rate limit specified");
        check("replace", "/throttle/rateLimit", Some("NaN"), "Invalid rate limit specified");
        check("replace", "/throttle/burstLimit", Some("-1"), "Invalid burst limit specified");
        check("replace", "/name", Some(""), "Usage Plan name must not be empty");
        let day = patched(&[
            ("add", "/quota/limit", Some("5")),
            ("add", "/quota/period", Some("DAY")),
            ("add", "/quota/offset", Some("1")),
        ]);
        let message = "Invalid quota offset specified: it must be between 0 and 0 for the period DAY";
        assert_eq!(day.err().map(|error| error.to_string()).as_deref(), Some(message));
    }
}
