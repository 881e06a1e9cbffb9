//! The contract: what every backend must do, as one suite of cases that each backend runs as its own tests.
//!
//! A backend calls [`contract_tests!`](crate::contract_tests) with a function that makes a fresh store, and thereby gets a
//! test per case; one whose readers do not wait for its writers adds
//! [`concurrent_reader_tests!`](crate::concurrent_reader_tests). A case takes the store and fails by panicking or with the
//! store's error. To add one, write it in the file of its area and name it in the list below.

#![expect(clippy::missing_panics_doc, clippy::expect_used, reason = "a case fails by panicking")]

pub mod concurrency;
pub mod feed;
pub mod filling;
pub mod growth;
pub mod listing;
pub mod names;
pub mod readers;
pub mod records;
pub mod text;
pub mod transactions;

use std::sync::Arc;

use claviger_resources::{AccountId, Region, Tenant};

use crate::{Backend, Key, Kind, Name, Namespace, Revision, Row, Store, StoreError};

/// Declares a test for each case of the contract.
///
/// `$open` is an `async fn` without parameters that answers with an `Arc<dyn Store>`, fresh and empty, and with whatever
/// must live as long.
#[macro_export]
macro_rules! contract_tests {
    ($open:path) => {
        $crate::contract_cases!($open, records: [
            finds_what_was_inserted,
            keeps_kinds_tenants_and_parents_apart,
            refuses_a_second_record_with_the_same_key,
            replaces_a_record_at_its_version,
            refuses_to_replace_a_record_that_has_changed,
            refuses_to_replace_a_record_that_is_gone,
            deletes_a_record_once,
            starts_again_at_version_1_after_a_delete,
            deletes_all_records_of_a_kind_under_a_parent,
            keeps_typed_records,
        ]);
        $crate::contract_cases!($open, names: [
            finds_a_record_by_each_of_its_names,
            refuses_to_insert_with_a_taken_name,
            refuses_to_replace_with_a_taken_name,
            keeps_the_names_a_replacement_names_again,
            frees_names_on_replace,
            frees_names_on_delete,
            frees_names_on_delete_all,
            holds_names_unique_over_tenants_and_kinds,
            keeps_namespaces_apart,
            hands_a_name_over_within_a_transaction,
        ]);
        $crate::contract_cases!($open, listing: [
            lists_ids_in_the_order_of_their_bytes,
            pages_without_missing_or_repeating,
            lists_one_parent_only,
            begins_after_an_id_that_is_not_there,
            counts_what_is_there,
            pages_through_a_kind_over_all_tenants,
        ]);
        $crate::contract_cases!($open, transactions: [
            leaves_nothing_behind_when_dropped,
            sees_its_own_writes,
            keeps_earlier_writes_when_a_later_one_is_refused,
            commits_after_a_refused_write,
            moves_the_revision_once_per_writing_commit,
            moves_no_revision_by_reading,
            refuses_to_write_in_a_transaction_for_reading,
            shows_a_commit_to_the_next_reader,
            publishes_each_revision,
        ]);
        $crate::contract_cases!($open, feed: [
            reports_what_each_commit_changed_in_order,
            reports_a_record_once_per_commit,
            reports_every_record_that_delete_all_removed,
            reports_nothing_that_was_not_committed,
            answers_in_whole_revisions,
            reports_nothing_after_the_newest_revision,
            says_when_it_does_not_reach_back,
            says_when_it_never_had_a_revision,
        ]);
        $crate::contract_cases!($open, concurrency: [
            loses_no_update_of_concurrent_writers,
            gives_each_concurrent_commit_a_revision_of_its_own,
            keeps_concurrent_commits_apart_from_dropped_ones,
            grants_a_contested_name_once,
        ]);
        $crate::contract_cases!($open, text: [
            keeps_bodies_byte_for_byte,
            keeps_large_bodies,
            keeps_keys_and_names_of_any_script,
            refuses_u_0000_in_keys_and_names,
            keeps_sealed_secrets,
        ]);
        $crate::contract_cases!($open, growth: [writes_cost_the_same_beside_many_records]);
    };
}

/// Declares a test for each case of the contract that is about a database as a whole.
///
/// `$open` answers with an `Arc<dyn Backend>`.
#[macro_export]
macro_rules! backend_tests {
    ($open:path) => {
        $crate::contract_cases!($open, filling: [
            is_filled_with_what_another_store_held,
            is_refused_when_it_holds_something,
            leaves_nothing_behind_when_dropped,
            refuses_what_comes_twice,
            makes_everyone_load_anew,
            goes_on_where_it_was_filled,
            lists_rows_with_their_names,
            tells_which_kinds_are_there,
            finds_nothing_wrong_with_a_store_in_use,
        ]);
    };
}

/// Declares a test for each case of the contract that opens a transaction for reading while another is open.
#[macro_export]
macro_rules! concurrent_reader_tests {
    ($open:path) => {
        $crate::contract_cases!($open, readers: [
            see_nothing_of_a_writer_until_it_commits,
            see_one_state_while_writers_commit,
            see_the_feed_of_committed_writers_only,
            read_side_by_side,
        ]);
    };
}

/// Declares a test for each named case of an area.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($open:path, $area:ident: [$($case:ident),* $(,)?]) => {
        mod $area {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() -> ::std::result::Result<(), $crate::StoreError> {
                    let (store, _keep) = $open().await;
                    $crate::contract::$area::$case(store).await
                }
            )*
        }
    };
}

/// The store a case is given.
type Shared = Arc<dyn Store>;

/// The same where a case is about a database as a whole.
type Whole = Arc<dyn Backend>;

/// The owner of most records of the cases.
fn tenant() -> Tenant {
    tenant_of("000000000000", "us-east-1")
}

fn tenant_of(account: &str, region: &str) -> Tenant {
    Tenant {
        account: AccountId::parse(account).expect("12 digits"),
        region: Region::parse(region).expect("a region's name"),
    }
}

/// A key of the kind that most cases use.
fn key(parent: &str, id: &str) -> Key {
    Key { kind: Kind::AppClient, tenant: tenant(), parent: parent.to_owned(), id: id.to_owned() }
}

fn name(text: &str) -> Name {
    Name::new(Namespace::ClientId, text)
}

/// Inserts one record in a transaction of its own, which is run again when it collides with another.
async fn insert(store: &Shared, key: &Key, names: &[Name], body: &str) -> Result<Revision, StoreError> {
    loop {
        let mut tx = store.write().await?;
        let inserted = tx.insert_row(key, names, body).await;
        let committed = match inserted {
            Ok(()) => tx.commit().await,
            Err(error) => Err(error),
        };
        match committed {
            Err(StoreError::Contention) => {}
            outcome => return outcome,
        }
    }
}

/// Reads one record in a transaction of its own.
async fn find(store: &Shared, key: &Key) -> Result<Option<Row>, StoreError> {
    store.read().await?.row(key).await
}

/// The id of the record that holds a name.
async fn holder(store: &Shared, name: &Name) -> Result<Option<String>, StoreError> {
    Ok(store.read().await?.row_named(name).await?.map(|row| row.key.id))
}

/// Asserts that a call failed with a particular error.
macro_rules! assert_fails {
    ($result:expr, $pattern:pat) => {
        let result = $result;
        assert!(matches!(result, Err($pattern)), "expected {}, found {result:?}", stringify!($pattern));
    };
}
use assert_fails;

#[cfg(test)]
mod tests {
    /// A case that is written but not named would never run.
    #[test]
    fn names_every_case_that_is_written() {
        let list = include_str!("mod.rs");
        let areas = [
            include_str!("concurrency.rs"),
            include_str!("feed.rs"),
            include_str!("filling.rs"),
            include_str!("growth.rs"),
            include_str!("listing.rs"),
            include_str!("names.rs"),
            include_str!("readers.rs"),
            include_str!("records.rs"),
            include_str!("text.rs"),
            include_str!("transactions.rs"),
        ];
        let cases = areas.iter().flat_map(|area| area.split("pub async fn ").skip(1));
        for case in cases.filter_map(|rest| rest.split('(').next()) {
            assert!(
                list.contains(case),
                "{case} is not in the lists of contract_tests!, concurrent_reader_tests! and backend_tests!"
            );
        }
    }
}
