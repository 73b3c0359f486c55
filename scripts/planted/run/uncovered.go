package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// planting is where a bug can be switched on.
var planting = regexp.MustCompile(`planted\.On\("([^"]+)"\)`)

// uncovered finds the names that product code plants and no row of the table catches, in order.
func uncovered(root string) ([]string, error) {
	var missing []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range planting.FindAllStringSubmatch(string(text), -1) {
			if name := m[1]; !caught(name) && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
		return nil
	})
	slices.Sort(missing)
	return missing, err
}

// caught tells whether a row plants the name.
func caught(name string) bool {
	return slices.ContainsFunc(table, func(r row) bool {
		return slices.Contains(strings.Split(r.plant, ","), name)
	})
}
