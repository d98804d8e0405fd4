//! Levels of lines without a time.

use super::find;
use crate::record::Level;

const DEBUG: Option<Level> = Some(Level::Debug);
const INFO: Option<Level> = Some(Level::Info);
const WARN: Option<Level> = Some(Level::Warn);
const ERROR: Option<Level> = Some(Level::Error);
const FATAL: Option<Level> = Some(Level::Fatal);

fn check(rows: &[(&str, Option<Level>)]) {
    for (line, level) in rows {
        assert_eq!(find(line.as_bytes(), 0), *level, "{line}");
    }
}

#[test]
fn words_near_the_start_are_levels() {
    check(&[
        ("ERROR boom", ERROR),
        ("[ERROR] boom", ERROR),
        ("[warn] slow", WARN),
        ("[info ] up", INFO),
        ("<err> boom", ERROR),
        ("(main) DEBUG x", DEBUG),
        ("error: boom", ERROR),
        ("Warning: low", WARN),
        ("git: fatal: no repository", FATAL),
        ("shop | error | boom", ERROR),
        ("info\tup", INFO),
        ("app level=warn msg=x", WARN),
        ("app severity=\"ERROR\" x", ERROR),
        ("SEVERE: boom", ERROR),
        ("FINE: x", DEBUG),
        ("INFO: error count 0, ERROR: none", INFO),
        ("web1 app ERROR boom", ERROR),
    ]);
}

#[test]
fn words_in_sentences_are_no_levels() {
    check(&[
        ("no errors found", None),
        ("0 errors, 0 warnings", None),
        ("error count 0", None),
        ("the service reached the ERROR state", None),
        ("connection closed without error: fine", None),
        ("mode=ERROR", None),
        ("HTTP_ERROR_500", None),
        ("NO-ERROR", None),
        ("/var/log/ERROR/x", None),
        ("read the FINE manual", None),
        ("information about debug symbols", None),
        ("", None),
    ]);
    let late = format!("{} ERROR", "1".repeat(128));
    check(&[(&late, None)]);
}

#[test]
fn tools_have_forms_of_errors() {
    check(&[
        ("error[E0308]: mismatched types", ERROR),
        ("error: could not compile `shop` (bin \"shop\") due to 1 previous error", ERROR),
        ("warning: unused variable: `x`", WARN),
        ("warning: `shop` (bin \"shop\") generated 1 warning", WARN),
        ("test tests::adds ... FAILED", ERROR),
        ("test tests::adds ... ok", None),
        ("test result: FAILED. 0 passed; 1 failed; 0 ignored", ERROR),
        ("test result: ok. 1 passed; 0 failed; 0 ignored", None),
        ("a.c:3:5: error: expected ';' before 'return'", ERROR),
        ("a.c:3:5: warning: unused variable 'x' [-Wunused-variable]", WARN),
        ("a.c:1:10: fatal error: x.h: No such file or directory", FATAL),
        ("a.c:2:13: note: each is reported once", INFO),
        ("a.c: In function 'main':", None),
        ("cc1: error: unrecognized option", ERROR),
        ("collect2: error: ld returned 1 exit status", ERROR),
        ("src/a.ts(3,5): error TS2322: Type 'string' is not assignable.", ERROR),
        ("error TS18003: No inputs were found in config file.", ERROR),
        ("src/a.ts:3:5 - error TS2322: Type 'string' is not assignable.", ERROR),
        ("npm ERR! code ENOENT", ERROR),
        ("npm error code ENOENT", ERROR),
        ("npm WARN deprecated x@1.0.0", WARN),
        ("npm warn deprecated x@1.0.0", WARN),
        ("FAILED tests/test_a.py::test_a - assert 1 == 2", ERROR),
        ("ERROR tests/test_a.py - ImportError", ERROR),
        ("E   assert 1 == 2", ERROR),
        ("tests/test_a.py:5: AssertionError", ERROR),
        ("========= 1 failed, 1 passed in 0.02s =========", ERROR),
        ("========= 2 passed in 0.02s =========", None),
        ("--- FAIL: TestShop (0.00s)", ERROR),
        ("--- PASS: TestShop (0.00s)", None),
        ("FAIL\texample.com/shop\t0.002s", ERROR),
        ("FAIL", ERROR),
        ("ok  \texample.com/shop\t0.002s", None),
        ("FAIL src/sum.test.js", ERROR),
        ("  \u{25cf} sum \u{203a} adds", ERROR),
        ("make: *** [Makefile:2: all] Error 1", ERROR),
        ("make[1]: *** [Makefile:2: all] Error 1", ERROR),
        ("make[1]: Entering directory '/srv/shop'", None),
        ("E: Unable to locate package shop", ERROR),
        ("curl: (6) Could not resolve host: shop", ERROR),
        ("fail: Microsoft.AspNetCore.Server.Kestrel[13]", ERROR),
        ("crit: Shop[0]", FATAL),
        ("Segmentation fault (core dumped)", FATAL),
        ("Killed", FATAL),
    ]);
}

#[test]
fn languages_have_forms_of_errors() {
    check(&[
        ("thread 'main' panicked at src/main.rs:2:5:", ERROR),
        ("thread 'main' (123) panicked at src/main.rs:2:5:", ERROR),
        ("panic: boom", FATAL),
        ("fatal error: all goroutines are asleep - deadlock!", FATAL),
        ("goroutine 1 [running]:", ERROR),
        ("exit status 2", ERROR),
        ("Traceback (most recent call last):", ERROR),
        ("ValueError: boom", ERROR),
        ("a.py:3: DeprecationWarning: old", WARN),
        ("ERROR:root:boom", ERROR),
        ("Exception in thread \"main\" java.lang.IllegalStateException: boom", ERROR),
        ("java.lang.IllegalStateException: boom", ERROR),
        ("com.acme.shop.Main: started", None),
        ("Uncaught ReferenceError: x is not defined", ERROR),
        ("TypeError: boom", ERROR),
        ("(node:42) DeprecationWarning: old", WARN),
        ("/srv/shop/a.js:4", ERROR),
        ("Unhandled exception. System.InvalidOperationException: boom", ERROR),
        ("a.rb:3:in 'foo': boom (RuntimeError)", ERROR),
        ("a.rb:3:in `foo'", None),
        ("a.rb:3: warning: unused", WARN),
        ("PHP Fatal error:  Uncaught RuntimeException: boom in /srv/a.php:3", FATAL),
        ("Fatal error: Uncaught RuntimeException: boom", FATAL),
        ("PHP Warning:  Undefined variable $x", WARN),
        ("PHP Notice:  Undefined index", Some(Level::Notice)),
    ]);
}

#[test]
fn priorities_and_letters_are_levels() {
    check(&[
        ("<11>app: boom", ERROR),
        ("<0>kernel: panic", FATAL),
        ("<191>x", DEBUG),
        ("<192>x", None),
        ("W1125 19:00:01.123456 1 a.go:1] x", WARN),
        ("W1125 x", None),
        ("E2E tests", None),
    ]);
}
