//! The modules of the page joined into one script, because many small files take more bytes
//! compressed than one, and a request each.
//!
//! Each module becomes a function, which runs when the module is first needed and returns what
//! the module exports. The page and its workers load the same script, so that it is sent once: in
//! the page it runs `app.js`, in a worker the module that the worker is named after.
//!
//! Only the forms of imports and exports that the source uses are replaced; a test finds others.

use super::compact::compact;

/// The end of the script: what the functions of the modules call, and the first call.
const LOADER: &str = "\
};
const $loaded = {};
const $load = (name) => $loaded[name] ??= $modules[name]();
const $import = async (name) => $load(name);
$load(typeof document === 'undefined' ? self.name : 'app.js');
";
/// The address of the script in itself, which replaces the addresses of workers.
const OWN_ADDRESS: &str = "new URL(import.meta.url)";

/// Joins modules, which are given as names and texts.
pub fn bundle(modules: &[(&str, &str)]) -> String {
    let mut script = "const $modules = {\n".to_owned();
    for (name, source) in modules {
        script.push_str(&Module::parse(name, &compact(source)).function());
    }
    script.push_str(LOADER);
    script
}

/// A module without comments and indentation.
struct Module<'a> {
    name: &'a str,
    imports: Vec<Import<'a>>,
    exports: Vec<&'a str>,
    /// All after the imports.
    body: &'a str,
}

/// `import { NAMES } from './MODULE';`, perhaps over several lines.
struct Import<'a> {
    /// The imported names, each with its new name if it gets one.
    names: Vec<(&'a str, Option<&'a str>)>,
    module: &'a str,
}

impl<'a> Module<'a> {
    fn parse(name: &'a str, text: &'a str) -> Self {
        let mut imports = Vec::new();
        let mut body = text;
        while let Some((import, rest)) = Import::parse(body) {
            imports.push(import);
            body = rest;
        }
        let exports = body.lines().filter_map(exported_name).collect();
        Module { name, imports, exports, body }
    }

    /// Returns the module as a property of the object of all modules.
    fn function(&self) -> String {
        let mut text = format!("'{}': () => {{\n", self.name);
        text.extend(self.imports.iter().map(Import::declaration));
        for line in self.body.lines() {
            text.push_str(&joined_line(line));
            text.push('\n');
        }
        text.push_str(&format!("return {{ {} }};\n}},\n", self.exports.join(", ")));
        text
    }
}

impl<'a> Import<'a> {
    /// Returns the import at the start of `text`, and the rest.
    fn parse(text: &'a str) -> Option<(Self, &'a str)> {
        let (names, rest) = text.strip_prefix("import {")?.split_once("} from './")?;
        let (module, rest) = rest.split_once("';\n")?;
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names = names.map(|name| match name.split_once(" as ") {
            Some((name, new)) => (name, Some(new)),
            None => (name, None),
        });
        Some((Import { names: names.collect(), module }, rest))
    }

    /// Returns the constants that take the place of the import.
    fn declaration(&self) -> String {
        let names = self.names.iter().map(|(name, new)| match new {
            Some(new) => format!("{name}: {new}"),
            None => (*name).to_owned(),
        });
        let names: Vec<String> = names.collect();
        format!("const {{ {} }} = $load('{}');\n", names.join(", "), self.module)
    }
}

/// Returns the name that a line exports by its declaration.
fn exported_name(line: &str) -> Option<&str> {
    let declaration = line.strip_prefix("export ")?;
    let declaration = declaration.strip_prefix("async ").unwrap_or(declaration);
    let mut keywords = ["const ", "class ", "function* ", "function "].into_iter();
    let rest = keywords.find_map(|keyword| declaration.strip_prefix(keyword))?;
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next()?;
    (!name.is_empty()).then_some(name)
}

/// Returns a line of a module as it is in the script.
fn joined_line(line: &str) -> String {
    let code = match exported_name(line) {
        Some(_) => &line["export ".len()..],
        None => line,
    };
    let code = code.replace("import('./", "$import('");
    let replaced = code.split_once("new URL('./").and_then(|(before, rest)| {
        let (_, after) = rest.split_once("', import.meta.url)")?;
        Some(format!("{before}{OWN_ADDRESS}{after}"))
    });
    replaced.unwrap_or(code)
}

#[cfg(test)]
#[path = "bundle/tests.rs"]
mod tests;
