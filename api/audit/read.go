package audit

import (
	"errors"
	"io/fs"
	"time"
)

// Bounds of one page.
const (
	// MaxPage is how many records a page may have.
	MaxPage = 1000
	// maxScanned is how many lines are looked at for one page, whoever's they are.
	maxScanned = 100_000
)

// Filter chooses records.
type Filter struct {
	// TenantID leaves only one tenant's; "" leaves all.
	TenantID string
	// Since leaves those from an instant on; zero leaves all.
	Since time.Time
}

func (f Filter) takes(e *Entry) bool {
	return (f.TenantID == "" || f.TenantID == e.TenantID) && !e.Time.Before(f.Since)
}

// Page is a part of a log.
type Page struct {
	Entries []Entry
	// Next is the sequence number to go on from. It moves on even where nothing was chosen.
	Next uint64
	// More says that there is more behind Next now.
	More bool
}

// Read pages through what is kept, from a sequence number on (0 = from the oldest), at most limit records. Records that
// are still in the queue are not seen.
func (l *Log) Read(from uint64, filter Filter, limit int) (Page, error) {
	head := l.Head()
	page := Page{Next: max(from, 1)}
	limit = min(max(limit, 1), MaxPage)
	list, err := segments(l.config.Dir)
	if err != nil {
		return Page{}, err
	}
	scanned := 0
	for i, s := range list {
		if i+1 < len(list) && list[i+1].first <= page.Next {
			continue // all of it is before
		}
		page.Next = max(page.Next, s.first)
		_, err := s.lines(func(line []byte) error {
			if len(page.Entries) == limit || scanned == maxScanned || page.Next > head.Seq {
				return errEnough
			}
			entry, err := parseLine(line)
			if err != nil {
				return err
			}
			if entry.Seq < page.Next {
				return nil
			}
			scanned++
			page.Next = entry.Seq + 1
			if filter.takes(&entry) {
				page.Entries = append(page.Entries, entry)
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file may be let go while it is listed
			return Page{}, err
		}
	}
	page.More = page.Next <= head.Seq
	return page, nil
}

// errEnough ends a page.
var errEnough = errors.New("the page is full")
