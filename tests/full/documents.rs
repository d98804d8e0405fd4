//! The code blocks of README.md and of the recipes.

use std::path::Path;

/// A code block of a document.
pub struct Block {
    /// The heading above the block; the empty text before the first `##`.
    pub section: String,
    pub language: String,
    /// The lines, without the newline of the last one.
    pub text: String,
}

/// Returns the text of a document, which is named by its path in the repository.
pub fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the code blocks of a document, in order.
pub fn blocks(path: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut section, mut inside) = (String::new(), false);
    for line in read(path).lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                let (section, language) = (section.clone(), language.to_owned());
                blocks.push(Block { section, language, text: String::new() });
            }
        } else if inside {
            let text = &mut blocks.last_mut().expect("a block").text;
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        } else if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        }
    }
    blocks
}

/// Returns the first block in this language below this heading of a page of recipes.
pub fn recipe(page: &str, section: &str, language: &str) -> String {
    let mut blocks = blocks(&format!("docs/recipes/{page}")).into_iter();
    let block = blocks.find(|block| block.section == section && block.language == language);
    block.unwrap_or_else(|| panic!("no {language} below {section} of {page}")).text
}
