use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Returns what cannot be joined in modules: it would be an error in the browser.
fn problems(modules: &[(&str, &str)]) -> Vec<String> {
    let texts: Vec<_> = modules.iter().map(|(name, source)| (*name, compact(source))).collect();
    let parsed: BTreeMap<_, _> =
        texts.iter().map(|(name, text)| (*name, Module::parse(name, text))).collect();
    let mut problems = Vec::new();
    for module in parsed.values() {
        let mut found = missing_exports(module, &parsed);
        let lines = module.body.lines().filter(|line| !is_supported(line, &parsed));
        found.extend(lines.map(str::to_owned));
        found.extend(circle(module.name, module.name, &parsed, &mut BTreeSet::new()));
        problems.extend(found.iter().map(|problem| format!("{}: {problem}", module.name)));
    }
    for (name, source) in modules {
        let waits = source.lines().filter(|line| is_waiting_outside_a_function(line));
        problems.extend(waits.map(|line| format!("{name}: {line}")));
    }
    problems
}

fn missing_exports(module: &Module, all: &BTreeMap<&str, Module>) -> Vec<String> {
    let names = module.imports.iter().flat_map(|Import { names, module }| {
        let exports = all.get(module).map_or(&[][..], |module| &module.exports);
        names
            .iter()
            .filter(|(name, _)| !exports.contains(name))
            .map(move |(name, _)| (name, module))
    });
    names.map(|(name, from)| format!("{from} does not export {name}")).collect()
}

fn is_supported(line: &str, all: &BTreeMap<&str, Module>) -> bool {
    let starts_with = |word: &str| {
        let rest = line.strip_prefix(word);
        rest.is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_alphanumeric() || "_$(.".contains(c))
        })
    };
    if starts_with("import") || starts_with("export") && exported_name(line).is_none() {
        return false;
    }
    let is_module = |name: &str| all.contains_key(name);
    let names_after = |start: &str, end: &str| {
        let starts = line.split(start).skip(1);
        starts.map(|rest| rest.split_once(end).map_or("", |(name, _)| name)).all(is_module)
    };
    let is_new_worker = ["new Worker(", "new SharedWorker("].iter().any(|call| line.contains(call));
    let has_worker_name = line.contains(" name: '") && names_after(" name: '", "'");
    let script = joined_line(line).replace(OWN_ADDRESS, "");
    names_after("import('./", "')")
        && names_after("new URL('./", "', import.meta.url)")
        && (!is_new_worker || has_worker_name)
        && !script.replace("$import('", "").contains("import(")
        && !script.contains("import.meta")
        && !["$modules", "$loaded", "$load", "$import"].iter().any(|name| line.contains(name))
}

/// Finds a circle of imports through `start`.
fn circle<'a>(
    start: &str,
    at: &str,
    all: &BTreeMap<&'a str, Module<'a>>,
    seen: &mut BTreeSet<&'a str>,
) -> Option<String> {
    all.get(at)?.imports.iter().find_map(|Import { module, .. }| {
        if *module == start {
            return Some(format!("imported again by {at}"));
        }
        if seen.insert(module) { circle(start, module, all, seen) } else { None }
    })
}

/// Finds `await` where a module itself would wait. Lines in functions are indented.
fn is_waiting_outside_a_function(line: &str) -> bool {
    let is_code = line.starts_with(|c: char| c.is_alphanumeric() || "([$_".contains(c));
    is_code && line.contains("await ") && !line.contains("async ")
}

#[test]
fn modules_become_functions_of_one_script() {
    let app = "// Starts.\nimport { a, b as c } from './a.js';\nimport {\n  D,\n} from './d.js';\n\n\
               export async function start() {\n  const { late } = await import('./late.js');\n}\n\
               new Worker(new URL('./w.js', import.meta.url), { type: 'module', name: 'w.js' });\n";
    let other = "export const x1 = 1;\nexport class Y {}\nexport function* $z() {}\nexport function f(a) {}\n";
    let script = bundle(&[("app.js", app), ("other.js", other)]);
    let joined = "const $modules = {\n\
        'app.js': () => {\n\
        const { a, b: c } = $load('a.js');\n\
        const { D } = $load('d.js');\n\
        async function start() {\n\
        const { late } = await $import('late.js');\n\
        }\n\
        new Worker(new URL(import.meta.url), { type: 'module', name: 'w.js' });\n\
        return { start };\n\
        },\n\
        'other.js': () => {\n\
        const x1 = 1;\nclass Y {}\nfunction* $z() {}\nfunction f(a) {}\n\
        return { x1, Y, $z, f };\n\
        },\n";
    assert_eq!(script, format!("{joined}{LOADER}"));
}

#[test]
fn forms_that_cannot_be_joined_are_found() {
    let other = ("b.js", "export const b = 1;\n");
    for good in [
        "import { b as c } from './b.js';\nimportant(c);\n",
        "const { b } = await import('./b.js');\n".replace("const", "  const").as_str(),
        "a(new Worker(new URL('./b.js', import.meta.url), { name: 'b.js' }));\n",
        "export const wait = async () => await 1;\n",
    ] {
        assert_eq!(problems(&[("a.js", good), other]), [""; 0], "{good}");
    }
    for bad in [
        "import { c } from './b.js';\n",
        "import { c } from './c.js';\n",
        "import * as c from './b.js';\n",
        "import './b.js';\n",
        "import { b } from \"./b.js\";\n",
        "const a = 1;\nimport { b } from './b.js';\n",
        "export default 1;\n",
        "export { a };\n",
        "export * from './b.js';\n",
        "export let a = 1;\n",
        "export const { a } = {};\n",
        "import(name);\n",
        "import('./c.js');\n",
        "a(import.meta.url);\n",
        "a(new URL('./c.js', import.meta.url));\n",
        "new Worker(address, { type: 'module' });\n",
        "new SharedWorker(address, { type: 'module', name: 'c' });\n",
        "const $load = 1;\n",
        "const a = await b;\n",
        "import { a } from './a.js';\nexport const a = 1;\n",
    ] {
        assert_eq!(problems(&[("a.js", bad), other]).len(), 1, "{bad}");
    }
    let both = [("a.js", "import { b } from './b.js';\nexport const a = 1;\n")];
    let circle = [both[0], ("b.js", "import { a } from './a.js';\nexport const b = 1;\n")];
    assert_eq!(problems(&circle).len(), 2);
}

#[test]
fn all_modules_of_the_page_can_be_joined() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/viewer");
    let files = std::fs::read_dir(folder).expect("the folder").flatten();
    let sources: Vec<(String, String)> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "js"))
        .filter(|path| !path.ends_with("early.js"))
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            (name.to_owned(), std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    let modules: Vec<_> = sources.iter().map(|(name, text)| (&**name, &**text)).collect();
    assert!(modules.len() > 40);
    assert_eq!(problems(&modules), [""; 0]);
}
