//! Role mappings of APIs, which our own service and the import of documents both set.

use claviger_resources::Tenant;
use claviger_resources::role_mapping::{RoleMapping, RoleTable};
use claviger_store::{ROLE_MAPPING_ID, StoreError, Transaction, TransactionExt};

/// Sets the role mapping of an API, whole; the table has been checked.
pub(crate) async fn put(
    tx: &mut dyn Transaction,
    tenant: &Tenant,
    api_id: &str,
    table: RoleTable,
) -> Result<(), StoreError> {
    match tx.find::<RoleMapping>(tenant, api_id, ROLE_MAPPING_ID).await? {
        Some(mut stored) => {
            stored.table = table;
            tx.replace(&stored).await
        }
        None => tx.insert(&RoleMapping { api_id: api_id.to_owned(), tenant: tenant.clone(), table }).await,
    }
}
