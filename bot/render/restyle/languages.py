"""Which file holds which language."""

from __future__ import annotations

_EXTENSIONS = (
    "python py py3 python3:py javascript js node mjs cjs:js typescript ts:ts jsx:jsx tsx:tsx rust rs:rs "
    "go golang:go c:c h:h cpp c++ cc cxx:cpp hpp:hpp csharp c# cs:cs java:java kotlin kt:kt scala:scala "
    "swift:swift objectivec objc:m ruby rb:rb php:php perl pl:pl lua:lua r:r julia jl:jl dart:dart elixir "
    "ex exs:ex erlang erl:erl haskell hs:hs ocaml ml:ml fsharp f# fs:fs clojure clj:clj lisp "
    "commonlisp:lisp scheme:scm elm:elm nim:nim zig:zig v:v d:d bash sh shell zsh console shellsession:sh "
    "fish:fish powershell ps1 pwsh:ps1 batch bat cmd:bat sql mysql pgsql postgres postgresql sqlite:sql "
    "html html5 xhtml:html css:css scss:scss sass:sass less:less vue:vue svelte:svelte json json5 "
    "jsonc:json yaml yml:yaml toml:toml ini cfg conf properties:ini xml:xml svg:svg csv:csv tsv:tsv "
    "markdown md:md tex latex:tex diff patch:diff dockerfile docker:Dockerfile makefile make:mk "
    "cmake:cmake nix:nix terraform tf hcl:tf graphql gql:graphql protobuf proto:proto groovy:groovy "
    "gradle:gradle asm nasm assembly:asm vb vbnet:vb pascal delphi:pas fortran f90:f90 cobol:cob matlab "
    "octave:m solidity sol:sol glsl:glsl hlsl:hlsl wgsl:wgsl gdscript gd:gd vim viml:vim regex text txt "
    "plain plaintext:txt http:http nginx:conf mermaid:mmd prolog:prolog ada:adb crystal:cr verilog:v "
    "vhdl:vhd awk:awk sed:sed jinja jinja2:j2 lean:lean coq:v ejs:ejs"
)


def _by_name() -> dict[str, str]:
    """The names stand before the extension that they share, which follows the colon of the last of them."""
    found: dict[str, str] = {}
    names: list[str] = []
    for word in _EXTENSIONS.split():
        name, colon, ending = word.partition(":")
        names.append(name)
        if colon:
            found |= dict.fromkeys(names, ending)
            names.clear()
    return found


_BY_NAME = _by_name()


def extension(language: str) -> str:
    """The extension, without its dot, of a file in the language that a fence names; txt if it is not known."""
    return _BY_NAME.get(language.lower(), "txt")


def file_name(language: str, number: int) -> str:
    """What the reply's code block `number`, counted from 1, is called as a file."""
    stem = "code" if number == 1 else f"code-{number}"
    ending = extension(language)
    return f"{stem}.{ending}" if ending != "Dockerfile" else f"{stem}.dockerfile"
