//! Source files, parsed: their paths, macros and functions.

use std::path::{Path, PathBuf};

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// One source file of the crate, without its unit tests.
pub struct SourceFile {
    /// Relative to the repository, such as `src/feed/mod.rs`.
    pub path: String,
    /// The module that the file is, such as `["feed", "ring"]`; empty for the crate root.
    pub name: Vec<String>,
    /// Every path in the file, such as `std::fs::File`; those of `use` items one by one.
    pub paths: Vec<String>,
    /// Names that the file re-exports, and the paths that they stand for.
    pub exports: Vec<(String, String)>,
    /// Macros that are called.
    pub macros: Vec<String>,
    /// Functions and their numbers of lines.
    pub functions: Vec<(String, usize)>,
    /// Lines of the whole file.
    pub lines: usize,
}

impl SourceFile {
    /// The module of the crate root that the file belongs to; `lib` or `main` for the roots.
    pub fn module(&self) -> &str {
        match &*self.path {
            "src/lib.rs" => "lib",
            "src/main.rs" => "main",
            _ => &self.name[0],
        }
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("read");
        let parsed = syn::parse_file(&text).expect("Rust");
        let mut file = SourceFile {
            path: path.to_str().expect("UTF-8").to_owned(),
            name: module_name(path),
            paths: Vec::new(),
            exports: Vec::new(),
            macros: Vec::new(),
            functions: Vec::new(),
            lines: text.lines().count(),
        };
        file.visit_file(&parsed);
        file
    }

    fn add_tree(&mut self, prefix: &str, tree: &syn::UseTree, is_exported: bool) {
        let join = |name: &syn::Ident| {
            if prefix.is_empty() { name.to_string() } else { format!("{prefix}::{name}") }
        };
        let mut add = |path: String, name: &syn::Ident| {
            if is_exported {
                self.exports.push((name.to_string(), path.clone()));
            }
            self.paths.push(path);
        };
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&join(&path.ident), &path.tree, is_exported),
            syn::UseTree::Name(name) if name.ident == "self" => {
                let last = prefix.rsplit("::").next().expect("a name");
                add(prefix.to_owned(), &syn::Ident::new(last, name.span()));
            }
            syn::UseTree::Name(name) => add(join(&name.ident), &name.ident),
            syn::UseTree::Rename(rename) => add(join(&rename.ident), &rename.rename),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_tree(prefix, tree, is_exported));
            }
            syn::UseTree::Glob(_) => self.paths.push(prefix.to_owned()),
        }
    }

    fn add_function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        self.functions.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for SourceFile {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree("", &item.tree, !matches!(item.vis, syn::Visibility::Inherited));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add_function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            self.add_function(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    /// The path in `pub(crate)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.paths.push(names.join("::"));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.macros.extend(item.path.get_ident().map(ToString::to_string));
        visit::visit_macro(self, item);
    }
}

/// Returns true if an item is compiled only for unit tests.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn module_name(path: &Path) -> Vec<String> {
    let inner = path.strip_prefix("src").unwrap_or(path).with_extension("");
    let names = inner.iter().map(|name| name.to_str().expect("UTF-8").to_owned());
    names.filter(|name| !["mod", "lib", "main"].contains(&&**name)).collect()
}

/// The files of the crate, without those that hold only unit tests.
pub fn production_files() -> Vec<SourceFile> {
    let is_test =
        |path: &PathBuf| path.file_stem().is_some_and(|name| name == "tests" || name == "samples");
    rust_files("src")
        .iter()
        .filter(|path| !is_test(path))
        .map(|path| SourceFile::read(path))
        .collect()
}

/// The files of the integration tests and benchmarks.
pub fn test_files() -> Vec<SourceFile> {
    let own = rust_files("tests").into_iter().filter(|path| !path.starts_with("tests/clients"));
    own.chain(rust_files("benches")).map(|path| SourceFile::read(&path)).collect()
}

fn rust_files(directory: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![PathBuf::from(directory)];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("read") {
            let path = entry.expect("read").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "node_modules") {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
