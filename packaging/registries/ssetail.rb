# The formula of Homebrew, for a tap. packaging/registries/fill sets the version and the checksums.
class Ssetail < Formula
  desc "Follow files and serve their lines as Server-Sent Events"
  homepage "https://github.com/ssetail/ssetail"
  version "VERSION"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on :linux

  on_intel do
    url "https://github.com/ssetail/ssetail/releases/download/vVERSION/ssetail-VERSION-x86_64-unknown-linux-musl.tar.gz"
    sha256 "SHA256_X86_64"
  end

  on_arm do
    url "https://github.com/ssetail/ssetail/releases/download/vVERSION/ssetail-VERSION-aarch64-unknown-linux-musl.tar.gz"
    sha256 "SHA256_AARCH64"
  end

  def install
    bin.install "ssetail"
    man1.install "man/ssetail.1"
    bash_completion.install "completions/ssetail.bash" => "ssetail"
    zsh_completion.install "completions/_ssetail"
    fish_completion.install "completions/ssetail.fish"
  end

  test do
    (testpath/"a.log").write "a line\n"
    output = shell_output("#{bin}/ssetail --exit-on-eof --tee --port 0 - <a.log 2>/dev/null")
    assert_equal "a line\n", output
  end
end
