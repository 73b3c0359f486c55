package meter

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

const (
	fileName = "spending-"
	// maxPast bounds the files of earlier processes with something in them that wait to be settled.
	maxPast = 256
)

// place is one lease of an earlier process.
type place struct {
	tenant tenancy.ID
	period ledger.Period
}

// past is what an earlier process of this node left behind.
type past struct {
	incarnation uint64
	path        string
	// trusted says that spent is all that the process spent; else nothing of it is known.
	trusted bool
	drawn   map[place]ledger.Units
	spent   map[place]ledger.Totals
}

// readPast reads the files of earlier processes, by incarnation. One that is not whole, or that a power loss may have
// changed, is kept as not trusted: what it hides counts as spent and is never billed (R30). One of another node or
// cluster is refused.
func readPast(dir string, own header, logger *slog.Logger) ([]past, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the spending files: %w", err)
	}
	var list []past
	for _, e := range entries {
		text, found := strings.CutPrefix(e.Name(), fileName)
		incarnation, err := strconv.ParseUint(text, 10, 63)
		if !found || err != nil || incarnation == 0 {
			return nil, fmt.Errorf("%s is no spending file: only this node's own belong into that folder", filepath.Join(dir, e.Name()))
		}
		p, err := readFile(filepath.Join(dir, e.Name()), incarnation, own)
		switch {
		case errors.Is(err, errTorn):
			logger.Warn("spending file is not whole: what it hides counts as spent", "file", p.path, "reason", err)
		case err != nil:
			return nil, err
		case !p.trusted:
			logger.Warn("spending file may have lost counts in a power loss: what it hides counts as spent", "file", p.path)
		}
		if p.trusted && len(p.spent) == 0 { // no lease without a slot: there is nothing to settle
			if err := os.Remove(p.path); err != nil {
				return nil, fmt.Errorf("remove a spent spending file: %w", err)
			}
			continue
		}
		list = append(list, p)
	}
	if len(list) > maxPast {
		return nil, fmt.Errorf("%d spending files in %s wait to be settled, at most %d: let the node run until its leader has them", len(list), dir, maxPast)
	}
	slices.SortFunc(list, func(a, b past) int { return cmp.Compare(a.incarnation, b.incarnation) })
	return list, nil
}

func readFile(path string, incarnation uint64, own header) (past, error) {
	p := past{incarnation: incarnation, path: path}
	raw, err := os.ReadFile(path)
	if err != nil {
		return p, fmt.Errorf("read a spending file: %w", err)
	}
	h, err := decodeHeader(raw[:min(len(raw), cleanAt)])
	if err != nil {
		return p, err
	}
	if h.node != own.node || h.cluster != own.cluster {
		return p, fmt.Errorf("%s is the spending file of node %s of cluster %s, not of this node %s: the folder belongs to another node", path, h.node, h.cluster, own.node)
	}
	if h.incarnation != incarnation || len(raw) < headerBytes || (len(raw)-headerBytes)%segmentBytes != 0 {
		return p, errTorn
	}
	clean := bytes.Equal(raw[cleanAt:cleanAt+16], cleanMark(incarnation))
	if !clean && (h.boot == "" || h.boot != own.boot) {
		return p, nil
	}
	return p, p.read(raw[headerBytes:])
}

// read takes the counts out of a file's segments; a slot that is not whole makes all of it not to be trusted.
func (p *past) read(raw []byte) error {
	p.drawn, p.spent = map[place]ledger.Units{}, map[place]ledger.Totals{}
	if planted.On("meter-file-forgotten") {
		p.trusted = true
		return nil
	}
	for ; len(raw) >= slotBytes; raw = raw[slotBytes:] {
		var s slot
		s.decode(raw)
		if s.tenant.Load() == 0 {
			continue
		}
		if !s.intact(p.incarnation) {
			p.drawn, p.spent = nil, nil
			return fmt.Errorf("%w: a slot's name was not written whole", errTorn)
		}
		at := place{tenancy.IDFromNumber(s.tenant.Load()), ledger.Period(s.period.Load())}
		p.drawn[at], p.spent[at] = s.drawn(), s.spent()
	}
	p.trusted = true
	return nil
}

// decode reads a slot's words as they stand in a file.
func (s *slot) decode(raw []byte) {
	word := func(i int) uint64 { return binary.NativeEndian.Uint64(raw[8*i:]) }
	s.tenant.Store(word(0))
	s.period.Store(word(1))
	s.check.Store(word(2))
	s.drawnRequests.Store(word(3))
	s.drawnWrites.Store(word(4))
	s.requests.Store(word(5))
	s.writes.Store(word(6))
	s.reads.Store(word(7))
	s.rowsOut.Store(word(8))
	s.bytesIn.Store(word(9))
	s.bytesOut.Store(word(10))
	s.computeUs.Store(word(11))
}

// settle is what there is still to say of earlier processes: what the machine shows open of them, with their files'
// counts, and what else stands in the files. It forgets files that are settled.
func (m *Meter) settle(view View, node ledger.Node) (entries []ledger.Entry) {
	if m.settled {
		return nil
	}
	seen := map[place]map[uint64]bool{}
	note := func(e ledger.Entry) {
		at := place{e.Tenant, e.Period}
		if seen[at] == nil {
			seen[at] = map[uint64]bool{}
		}
		seen[at][e.Incarnation] = true
		entries = append(entries, e)
	}
	view.Books(func(b *ledger.Book) bool {
		for _, e := range ledger.Past(b, node.Number, m.header.incarnation) {
			m.known(&e)
			note(e)
		}
		return true
	})
	m.pasts = slices.DeleteFunc(m.pasts, func(p past) bool {
		open := false
		for at, spent := range p.spent {
			if _, living := view.Account(at.tenant); !living || view.Book(at.tenant).Closed(node.Number, p.incarnation, at.period) {
				continue
			}
			open = true
			if !seen[at][p.incarnation] {
				note(ledger.Entry{Tenant: at.tenant, Period: at.period, Incarnation: p.incarnation, Drawn: p.drawn[at], Spent: spent, Closed: true})
			}
		}
		caught := node.Incarnation == m.header.incarnation // nothing that is older will be shown as open any more
		if open || !caught || slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Incarnation == p.incarnation }) {
			return false
		}
		m.removePast(p)
		return true
	})
	m.settled = len(entries) == 0 && len(m.pasts) == 0 && node.Incarnation == m.header.incarnation
	return entries
}

// known puts the counts of its process's file into an entry.
func (m *Meter) known(e *ledger.Entry) {
	i := slices.IndexFunc(m.pasts, func(p past) bool { return p.incarnation == e.Incarnation })
	if i < 0 || !m.pasts[i].trusted {
		return
	}
	at := place{e.Tenant, e.Period}
	e.Unknown, e.Drawn, e.Spent = false, m.pasts[i].drawn[at], m.pasts[i].spent[at]
}

func (m *Meter) removePast(p past) {
	if err := os.Remove(p.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		m.config.Logger.Warn("a settled spending file was not removed", "file", p.path, "error", err)
	}
}
