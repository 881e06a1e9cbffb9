//! What a path selects.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    source: r#"JSONPath, by API Gateway guide, "Variables for data transformations", "$input variables""#,
    cases: &[
        ("$input.json('$..no')|$input.path('$..no')[1]|$input.path('$..no').size()", "[1,2]|2|2"),
        ("$input.json('$.nested[0][1]')$input.json('$.nested[*][0]')", "2[1,3]"),
        (
            "$input.path('$.list[?(@ > 1)]')|$input.path('$.list[0:2]')|$input.path('$.list[-1]')|$input.path('$.list[0,2]')",
            "[3,2]|[3,1]|2|[3,2]",
        ),
        (
            "$input.path('$.address.lines[?(@.no == 2)]')$input.path('$.address.lines[?(@.no == 2)].no')[0]",
            r#"[{"no":2}]2"#,
        ),
        (r#"$input.path("$['name']")$input.path("$.address['city']")"#, "AdaLondon"),
        ("$input.path('name')$input.json('address.city')", r#"Ada"London""#),
        ("$input.path('$.list.length()') $input.path('$.address.lines.length()')", "3 2"),
        ("$input.json('$..nowhere')|$input.path('$..nowhere').size()|", "[]|0|"),
        ("$input.path('$.list[9]')|$input.json('$.list[9]')|", r#"|""|"#),
        ("$input.path('$.*')[0] $input.path('$.address.*')[0]", "Ada London"),
    ],
    ..Group::OF_EXAMPLE
}];
