// Command tzdata makes graph/value/zones.bin, the embedded time-zone database, from a host's tzdata package.
//
//	go run ./scripts/tzdata [-source /usr/share/zoneinfo] [-out graph/value/zones.bin]
//
// It compiles tzdata.zi with zic (slim files) and folds every zone which zone1970.tab does not list onto the listed zone
// that covers its country and agrees with it since 1970. So the result is a database "built without backzone", whatever
// the host's was built with: Europe/Stockholm in 1818 has Berlin's local mean time. Run it again for a new release of
// the zones, look at the tests' difference and commit the result.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	source := flag.String("source", "/usr/share/zoneinfo", "folder with tzdata.zi, zone1970.tab and zone.tab")
	out := flag.String("out", "graph/value/zones.bin", "the file to write")
	flag.Parse()
	if err := run(*source, *out); err != nil {
		fmt.Fprintln(os.Stderr, "tzdata:", err)
		os.Exit(1)
	}
}

func run(source, out string) error {
	compiled, err := os.MkdirTemp("", "zones")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(compiled) }()
	zi := filepath.Join(source, "tzdata.zi")
	zic := exec.Command("zic", "-b", "slim", "-d", compiled, zi)
	zic.Stderr = os.Stderr
	if err := zic.Run(); err != nil {
		return fmt.Errorf("zic: %w", err)
	}
	f := folding{links: map[string]string{}, listed: map[string]bool{}, covers: map[string][]string{}, country: map[string]string{}}
	if err := f.read(source, zi); err != nil {
		return err
	}
	rows, err := f.rows(compiled)
	if err != nil {
		return err
	}
	blob, err := pack(f.release, rows)
	if err != nil {
		return err
	}
	fmt.Printf("%d zones of release %s, %d folded, %d bytes\n", len(rows), f.release, f.folded, len(blob))
	return os.WriteFile(out, blob, 0o644)
}

// folding knows which zone stands for which.
type folding struct {
	release string
	zones   []string            // zones and links of tzdata.zi
	links   map[string]string   // link to target
	listed  map[string]bool     // in zone1970.tab
	covers  map[string][]string // country to its zones in zone1970.tab
	country map[string]string   // zone to country, by zone.tab
	folded  int
}

func (f *folding) read(source, zi string) error {
	err := eachLine(zi, func(fields []string) {
		switch {
		case len(fields) == 3 && fields[0] == "#" && fields[1] == "version":
			f.release = fields[2]
		case len(fields) > 1 && fields[0] == "Z":
			f.zones = append(f.zones, fields[1])
		case len(fields) == 3 && fields[0] == "L":
			f.zones = append(f.zones, fields[2])
			f.links[fields[2]] = fields[1]
		}
	})
	if err != nil {
		return err
	}
	err = eachLine(filepath.Join(source, "zone1970.tab"), func(fields []string) {
		if len(fields) < 3 || strings.HasPrefix(fields[0], "#") {
			return
		}
		f.listed[fields[2]] = true
		for _, country := range strings.Split(fields[0], ",") {
			f.covers[country] = append(f.covers[country], fields[2])
		}
	})
	if err != nil {
		return err
	}
	return eachLine(filepath.Join(source, "zone.tab"), func(fields []string) {
		if len(fields) >= 3 && !strings.HasPrefix(fields[0], "#") {
			f.country[fields[2]] = fields[0]
		}
	})
}

func eachLine(path string, visit func(fields []string)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		visit(strings.Fields(lines.Text()))
	}
	return lines.Err()
}

type row struct {
	name string
	data []byte
}

func (f *folding) rows(compiled string) ([]row, error) {
	slices.Sort(f.zones)
	var rows []row
	for _, name := range slices.Compact(f.zones) {
		target, err := f.representative(compiled, name)
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(filepath.Join(compiled, target))
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{name, data})
	}
	return rows, nil
}

// representative finds the zone whose data a name gets.
func (f *folding) representative(compiled, name string) (string, error) {
	for range 10 {
		target, isLink := f.links[name]
		if !isLink || f.listed[name] {
			break
		}
		name = target
	}
	country, known := f.country[name]
	if f.listed[name] || !known {
		return name, nil // what no country has, like Etc/GMT+5, stands for itself
	}
	for _, candidate := range f.covers[country] {
		same, err := agree(compiled, name, candidate)
		if err != nil {
			return "", err
		}
		if same {
			f.folded++
			return candidate, nil
		}
	}
	return "", fmt.Errorf("no zone of %s agrees with %s since 1970", country, name)
}

// agree compares two zones from 1970 to 2037, in steps of six hours.
func agree(compiled, a, b string) (bool, error) {
	var zones [2]*time.Location
	for i, name := range []string{a, b} {
		data, err := os.ReadFile(filepath.Join(compiled, name))
		if err != nil {
			return false, err
		}
		if zones[i], err = time.LoadLocationFromTZData(name, data); err != nil {
			return false, err
		}
	}
	for at := time.Unix(0, 0); at.Year() < 2038; at = at.Add(6 * time.Hour) {
		_, x := at.In(zones[0]).Zone()
		_, y := at.In(zones[1]).Zone()
		if x != y {
			return false, nil
		}
	}
	return true, nil
}
