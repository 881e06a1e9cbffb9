//! The layers of a function: on Lambda they are what is in `/opt`, one over the other. Here each stays in a folder of its
//! own, and the variables that make languages look into `/opt` name those folders instead.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A variable, what its list starts with on Lambda, and where in a layer it leads to.
struct Search {
    variable: &'static str,
    places: &'static [&'static str],
}

/// AWS Lambda, "Adding layers to functions": layer paths for each runtime.
const SEARCHES: [Search; 4] = [
    Search { variable: "PATH", places: &["bin"] },
    Search { variable: "LD_LIBRARY_PATH", places: &["lib"] },
    Search { variable: "PYTHONPATH", places: &["python", "python/lib/RUNTIME/site-packages"] },
    Search { variable: "NODE_PATH", places: &["nodejs/node_modules", "nodejs/RUNTIME/node_modules"] },
];

/// The variables by which these layers are found, given what the variables are without them. Of two layers the later one
/// covers the earlier, as it does in `/opt`.
pub(super) fn variables(
    layers: &[PathBuf],
    runtime: &str,
    known: impl Fn(&str) -> Option<OsString>,
) -> Vec<(&'static str, OsString)> {
    // `nodejs22.x` stands as `node22` in a layer, `python3.12` as itself.
    let named = runtime.trim_end_matches(".x").replace("nodejs", "node");
    SEARCHES
        .iter()
        .filter_map(|search| {
            let in_layer = |layer: &Path| {
                search.places.iter().map(|place| layer.join(place.replace("RUNTIME", &named))).collect::<Vec<_>>()
            };
            let mut places: Vec<PathBuf> =
                layers.iter().rev().flat_map(|layer| in_layer(layer)).filter(|place| place.is_dir()).collect();
            if places.is_empty() {
                return None;
            }
            places.extend(known(search.variable).iter().flat_map(std::env::split_paths));
            Some((search.variable, std::env::join_paths(places).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_look_into_layers_the_later_ones_first() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        for place in [
            "first/python",
            "second/python/lib/python3.12/site-packages",
            "second/bin",
            "first/nodejs/node22/node_modules",
        ] {
            std::fs::create_dir_all(folder.path().join(place)).unwrap();
        }
        let check = |runtime: &str, variable: &str, expected: Option<String>| {
            let known = |name: &str| (name == "PATH").then(|| OsString::from("/usr/bin:/bin"));
            let found = variables(&[first.clone(), second.clone()], runtime, known);
            let value = found.iter().find(|(name, _)| *name == variable).map(|(_, value)| value.to_str().unwrap());
            assert_eq!(value, expected.as_deref(), "{runtime} {variable}");
        };
        let (one, two) = (first.display(), second.display());
        check("python3.12", "PATH", Some(format!("{two}/bin:/usr/bin:/bin")));
        let packages = format!("{two}/python/lib/python3.12/site-packages");
        check("python3.12", "PYTHONPATH", Some(format!("{two}/python:{packages}:{one}/python")));
        check("python3.11", "PYTHONPATH", Some(format!("{two}/python:{one}/python")));
        check("nodejs22.x", "NODE_PATH", Some(format!("{one}/nodejs/node22/node_modules")));
        check("nodejs20.x", "NODE_PATH", None);
        check("nodejs20.x", "LD_LIBRARY_PATH", None);
    }
}
