package house

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkCode judges what a Go file does.
func checkCode(f file) []Finding {
	var findings []Finding
	ast.Inspect(f.File, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		rule, text := checkCall(f, call)
		if rule != "" {
			findings = append(findings, Finding{f.Path, f.at(call), rule, text})
		}
		return true
	})
	if kind(f.dir()) == "main" && strings.HasSuffix(f.Path, "/main.go") {
		if n := codeLines(f); n > maxMain {
			findings = append(findings, Finding{f.Path, 1, "main-size", "main.go has " + strconv.Itoa(n) + " lines of code, at most " + strconv.Itoa(maxMain) + ": a main only starts things"})
		}
	}
	return findings
}

// maxMain counts lines of code, without comments and blank lines.
const maxMain = 15

// skips are the ways in which a test can pass without having tested.
var skips = []string{"Skip", "Skipf", "SkipNow"}

func checkCall(f file, call *ast.CallExpr) (rule, text string) {
	if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" && !f.isTestSupport() {
		return "no-panic", "return an error: a panic is no way to tell of a slip"
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	name := selector.Sel.Name
	qualified := ""
	if on, ok := selector.X.(*ast.Ident); ok {
		qualified = on.Name + "." + name
	}
	switch {
	case !f.isMain() && !f.isTest() && (qualified == "os.Exit" || qualified == "syscall.Exit" || strings.HasPrefix(qualified, "log.Fatal")):
		return "exit-in-main", qualified + " outside package main: return an error"
	case qualified == "context.TODO" && !f.isTest():
		return "no-todo", "context.TODO: take a context from the caller"
	case strings.HasSuffix(name, "OrDie") && !f.isTest():
		return "no-or-die", name + " ends the process: use the form that returns an error"
	case qualified == "time.Sleep" && !f.isTestSupport():
		return "no-sleep", "time.Sleep cannot be cancelled: use a timer and the context"
	case f.usesTesting() && call.Ellipsis == token.NoPos && contains(skips, name):
		return "no-skip", "a test that skips proves nothing: name what is missing and fail"
	case contains(errorMakers, qualified) && !f.isTest():
		return checkErrorText(call)
	}
	return "", ""
}

func (f file) usesTesting() bool {
	for _, spec := range f.Imports {
		if spec.Path.Value == `"testing"` {
			return true
		}
	}
	return false
}

// errorMakers take an error's text as their first argument.
var errorMakers = []string{"errors.New", "fmt.Errorf", "cli.Usagef"}

// properNouns may begin an error although they have a capital letter.
var properNouns = []string{"Debian", "Docker", "Go", "Kubernetes", "Linux", "Memcached", "Redis", "Secret", "Service", "Valkey", "Windows", "WebSocket"}

func checkErrorText(call *ast.CallExpr) (rule, text string) {
	if len(call.Args) == 0 {
		return "", ""
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", ""
	}
	message, err := strconv.Unquote(literal.Value)
	if err != nil || message == "" {
		return "", ""
	}
	word := strings.FieldsFunc(message, func(r rune) bool { return !unicode.IsLetter(r) })
	first, _ := utf8.DecodeRuneInString(message)
	if unicode.IsUpper(first) && word[0] != strings.ToUpper(word[0]) && !contains(properNouns, word[0]) {
		return "error-text", "an error begins in lower case, because it continues a sentence: " + literal.Value
	}
	if strings.HasSuffix(message, "\n") || strings.HasSuffix(message, ".") && !strings.HasSuffix(message, "...") || strings.HasSuffix(message, "!") {
		return "error-text", "an error ends without punctuation: " + literal.Value
	}
	return "", ""
}

// codeLines counts the lines on which code begins.
func codeLines(f file) int {
	lines := map[int]bool{}
	ast.Inspect(f.File, func(n ast.Node) bool {
		switch n.(type) {
		case nil:
			return true
		case *ast.Comment, *ast.CommentGroup:
			return false
		}
		lines[f.at(n)] = true
		lines[f.fset.Position(n.End()-1).Line] = true
		return true
	})
	return len(lines)
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}
