// Command audit runs what can be run of the audit of multi-tenancy and prints one table: the authorization
// matrix, isolation, canary secrets, known vulnerabilities, static analysis and the fuzz targets. It fails when a check does.
//
//	go run ./scripts/audit [-fuzz 60s] [-only NAME]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// check is one row of the table.
type check struct {
	name    string
	command []string
	// says finds the figure to show in what the command printed.
	says *regexp.Regexp
	// absent is why the check could not be run; then there is no command.
	absent string
}

// fuzzTarget finds the name of a fuzz target.
var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fuzzTime := flag.Duration("fuzz", time.Minute, "how long each fuzz target runs")
	only := flag.String("only", "", "run only checks whose name contains this")
	flag.Parse()
	checks, err := list(*fuzzTime)
	if err == nil {
		err = run(ctx, checks, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(1)
	}
}

// list makes the table of checks.
func list(fuzzTime time.Duration) ([]check, error) {
	checks := []check{
		{name: "authorization matrix", command: []string{"go", "test", "-count=1", "-v", "-run", "TestDoor/Law5$", "./api/rest"}, says: regexp.MustCompile(`\d+ routes, \d+ cells.*`)},
		{name: "peer methods", command: []string{"go", "test", "-count=1", "-v", "-run", "TestPeerMethods", "./api"}, says: regexp.MustCompile(`\d+ peer methods.*`)},
		{name: "isolation", command: []string{"go", "test", "-count=1", "./scripts/isolation"}},
		{name: "canary secrets", command: []string{"go", "test", "-count=1", "-v", "-run", "TestDoor/Canaries$", "./api/rest"}, says: regexp.MustCompile(`\d+ canaries.*`)},
		{name: "laws of the house", command: []string{"go", "test", "-count=1", "./scripts/lint"}},
		{name: "static analysis", command: []string{"go", "tool", "staticcheck", "./..."}},
		vulnerabilities(),
	}
	targets, err := fuzzChecks(fuzzTime)
	return append(checks, targets...), err
}

// vulnerabilities asks govulncheck, where it is installed.
func vulnerabilities() check {
	one := check{name: "known vulnerabilities"}
	path, err := exec.LookPath("govulncheck")
	if err != nil {
		one.absent = "govulncheck is not installed: go install golang.org/x/vuln/cmd/govulncheck@latest"
		return one
	}
	one.command, one.says = []string{path, "./..."}, regexp.MustCompile(`No vulnerabilities found.*|Your code is affected by.*`)
	return one
}

// fuzzChecks finds the fuzz targets of the tree.
func fuzzChecks(span time.Duration) (checks []check, err error) {
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range fuzzTarget.FindAllSubmatch(source, -1) {
			target, folder := string(found[1]), "./"+filepath.ToSlash(filepath.Dir(path))
			checks = append(checks, check{
				name:    "fuzz " + strings.TrimPrefix(folder, "./") + " " + target,
				command: []string{"go", "test", "-run", "^$", "-fuzz", "^" + target + "$", "-fuzztime", span.String(), folder},
				says:    regexp.MustCompile(`execs: \d+`),
			})
		}
		return nil
	})
	return checks, err
}

func run(ctx context.Context, checks []check, only string) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "check\tresult\tseconds\tsays")
	failed := 0
	for _, one := range checks {
		if !strings.Contains(one.name, only) {
			continue
		}
		if one.absent != "" {
			fmt.Fprintf(table, "%s\tNOT RUN\t\t%s\n", one.name, one.absent)
			continue
		}
		began := time.Now()
		printed, err := exec.CommandContext(ctx, one.command[0], one.command[1:]...).CombinedOutput()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		result := "ok"
		if err != nil {
			failed++
			result = "FAILED"
			fmt.Fprintf(os.Stderr, "== %s: %s\n%s\n", one.name, strings.Join(one.command, " "), printed)
		}
		fmt.Fprintf(table, "%s\t%s\t%.0f\t%s\n", one.name, result, time.Since(began).Seconds(), one.figure(printed))
	}
	if failed > 0 {
		return errors.New(fmt.Sprint(failed, " checks failed"))
	}
	return nil
}

// figure is the last thing that a command said which is worth showing.
func (c *check) figure(printed []byte) string {
	if c.says == nil {
		return ""
	}
	found := c.says.FindAll(bytes.TrimSpace(printed), -1)
	if len(found) == 0 {
		return ""
	}
	return string(slices.Clip(found[len(found)-1]))
}
