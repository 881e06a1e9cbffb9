use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NODES_MAX: usize = 10_000;

fn store() -> Value {
    json!({
        "store": {
            "book": [
                {"title": "A", "price": 8.95, "tags": ["x", "y"], "isbn": "1"},
                {"title": "B", "price": 12, "tags": []},
                {"title": "C", "price": 22.5, "isbn": null},
            ],
            "bicycle": {"colour": "red", "price": 19},
        },
        "a b": 1,
        "x.y": 2,
        "it's": 3,
        "empty": null,
        "limit": 12,
    })
}

#[track_caller]
fn check(path: &str, expected: Value) {
    let found = JsonPath::parse(path).unwrap().value(&store(), NODES_MAX).unwrap();
    assert_eq!(found, Some(expected), "{path}");
}

#[track_caller]
fn check_missing(path: &str) {
    assert_eq!(JsonPath::parse(path).unwrap().value(&store(), NODES_MAX).unwrap(), None, "{path}");
}

#[track_caller]
fn check_error(path: &str, column: usize, expected: &str) {
    let error = JsonPath::parse(path).unwrap_err();
    assert_eq!((error.column, error.expected), (column, expected), "{path}");
}

#[test]
fn definite_paths_give_one_value() {
    check("$", store());
    check("$.limit", json!(12));
    check(" $.limit ", json!(12));
    check("$.store.bicycle.colour", json!("red"));
    check("$['store']['bicycle'][\"colour\"]", json!("red"));
    check("$.store.book[0].title", json!("A"));
    check("$.store.book[-1].title", json!("C"));
    check("$['a b']", json!(1));
    check("$['x.y']", json!(2));
    check(r"$['it\'s']", json!(3));
    check("$.empty", json!(null));
}

#[test]
fn a_path_without_its_dollar_starts_at_the_root() {
    check("limit", json!(12));
    check("store.book[1].title", json!("B"));
    check("['a b']", json!(1));
}

#[test]
fn definite_paths_may_find_nothing() {
    check_missing("$.nothing");
    check_missing("$.limit.deeper");
    check_missing("$.store.book[3]");
    check_missing("$.store.book[-4]");
    check_missing("$.store.book.title");
    check_missing("$.store[0]");
    check_missing("$.limit.length()");
}

#[test]
fn indefinite_paths_give_lists() {
    check("$.store.book[*].title", json!(["A", "B", "C"]));
    check("$.store.book.*.title", json!(["A", "B", "C"]));
    check("$.store.book[0,2].title", json!(["A", "C"]));
    check("$.store.book[0, 7].title", json!(["A"]));
    check("$.store.book[0:2].title", json!(["A", "B"]));
    check("$.store.book[:1].title", json!(["A"]));
    check("$.store.book[1:].title", json!(["B", "C"]));
    check("$.store.book[-2:].title", json!(["B", "C"]));
    check("$.store.book[:-2].title", json!(["A"]));
    check("$.store.book[2:1].title", json!([]));
    check("$.store.book[0:99].title", json!(["A", "B", "C"]));
    check("$..title", json!(["A", "B", "C"]));
    check("$..price", json!([8.95, 12, 22.5, 19]));
    check("$..['colour']", json!(["red"]));
    check("$..tags[0]", json!(["x"]));
    check("$.store.bicycle.*", json!(["red", 19]));
    check("$..nothing", json!([]));
    check("$.nothing[*]", json!([]));
    check("$.store.book[0].tags..*", json!(["x", "y"]));
}

#[test]
fn filters_choose_elements() {
    check("$.store.book[?(@.title == 'B')].price", json!([12]));
    check("$.store.book[?(@.title=='B')].price", json!([12]));
    check("$.store.book[?( @.price > 10 )].title", json!(["B", "C"]));
    check("$.store.book[?(@.price >= 12)].title", json!(["B", "C"]));
    check("$.store.book[?(@.price < 12)].title", json!(["A"]));
    check("$.store.book[?(@.price <= 12)].title", json!(["A", "B"]));
    check("$.store.book[?(@.title != 'B')].title", json!(["A", "C"]));
    check("$.store.book[?(@.isbn)].title", json!(["A", "C"]));
    check("$.store.book[?(!@.isbn)].title", json!(["B"]));
    check("$.store.book[?(@.isbn == null)].title", json!(["C"]));
    check("$.store.book[?(@.price > 10 && @.title != 'C')].title", json!(["B"]));
    check("$.store.book[?(@.title == 'A' || @.title == 'C')].title", json!(["A", "C"]));
    check("$.store.book[?(!(@.title == 'A' || @.title == 'C'))].title", json!(["B"]));
    check("$.store.book[?(@.price == $.limit)].title", json!(["B"]));
    check("$.store.book[?('x' == @.tags[0])].title", json!(["A"]));
    check("$.store.book[?(@['title'] == \"C\")].title", json!(["C"]));
    check("$.store.book[?(@.price == '12')].title", json!([]));
    check("$.store.book[0].tags[?(@ == 'y')]", json!(["y"]));
    check("$.store.bicycle[?(@.price == 19)].colour", json!(["red"]));
    check("$..book[?(@.price > 20)].title", json!(["C"]));
    check("$..[?(@.price > 18)].price", json!([22.5, 19]));
}

#[test]
fn length_counts() {
    check("$.store.book.length()", json!(3));
    check("$.store.bicycle.size()", json!(2));
    check("$..title.length()", json!(3));
    check("$.length()", json!(6));
}

#[test]
fn says_where_a_path_is_wrong() {
    check_error("", 1, "`$`");
    check_error("$.", 3, "a name or `*`");
    check_error("$x", 2, "`.` or `[`");
    check_error("$[", 3, "an index, `*`, a quoted name or a filter");
    check_error("$[0", 4, "`]`");
    check_error("$['a", 3, "a quoted string that ends");
    check_error("$['a','b']", 6, "one name in brackets");
    check_error("$[99999999999999999999]", 23, "an integer");
    check_error("$.a.max()", 5, "`length()`, the only function");
    check_error("$.length().a", 11, "nothing after `length()`");
    check_error("$[?(@.a ~ 1)]", 9, "`)`");
    check_error("$[?(@.a == x)]", 12, "`@`, `$`, a quoted string, a number, `true`, `false` or `null`");
    check_error("$.é[", 5, "an index, `*`, a quoted name or a filter");
    check_error(&format!("$[?({})]", "(".repeat(40)), 37, "fewer filters inside one another");
    check_error(&"a".repeat(5000), 1, "a path of at most 4096 bytes");
}

#[test]
fn knows_definite_paths() {
    for (path, definite) in [("$.a[0]['b']", true), ("$", true), ("$.*", false), ("$..a", false), ("$[0,1]", false)] {
        assert_eq!(JsonPath::parse(path).unwrap().is_definite(), definite, "{path}");
    }
}

#[test]
fn work_is_bounded() {
    let wide = json!(vec![vec![1; 100]; 100]);
    let path = JsonPath::parse("$..*").unwrap();
    assert_eq!(path.select(&wide, 500), Err(TooMuchWork { nodes_max: 500 }));
    assert!(path.select(&wide, 100_000).is_ok());
}

proptest! {
    #[test]
    fn no_text_panics(path in "[$.\\[\\]@?()*:,'\"a-c0-9=<>!&| -]{0,40}") {
        if let Ok(path) = JsonPath::parse(&path) {
            let _ = path.value(&store(), 1_000);
        }
    }

    #[test]
    fn no_unicode_panics(path in "\\PC{0,30}") {
        let _ = JsonPath::parse(&path);
    }
}
