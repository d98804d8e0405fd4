# The package for Nix, built from this repository:
# nix-build -E 'with import <nixpkgs> { }; callPackage ./packaging/registries/package.nix { }'
{ lib, rustPlatform, installShellFiles }:

let
  manifest = (lib.importTOML ../../Cargo.toml).package;
in
rustPlatform.buildRustPackage {
  pname = manifest.name;
  inherit (manifest) version;

  src = lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;

  # The tests start programs that a build has not.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];
  postInstall = ''
    installManPage man/ssetail.1
    installShellCompletion --bash completions/ssetail.bash
    installShellCompletion --zsh completions/_ssetail
    installShellCompletion --fish completions/ssetail.fish
  '';

  meta = {
    inherit (manifest) description;
    homepage = manifest.repository;
    license = with lib.licenses; [ mit asl20 ];
    platforms = lib.platforms.linux;
    mainProgram = "ssetail";
  };
}
