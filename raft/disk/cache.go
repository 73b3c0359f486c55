package disk

import (
	"sync"

	hraft "github.com/hashicorp/raft"
)

const (
	// maxCachedEntries and maxCachedBytes bound the entries kept in memory. Entries differ by a factor of ten thousand
	// in size, so a count alone would bound nothing.
	maxCachedEntries = 512
	maxCachedBytes   = 32 << 20
)

// Cache is a log store that answers for the newest entries from memory: the leader reads each entry once a follower,
// every node reads it once to apply it. Entries are handed out as they are and are not changed by anyone.
type Cache struct {
	*Log
	mu        sync.RWMutex
	entries   map[uint64]*hraft.Log // guarded by mu: the indexes oldest to newest, without gaps
	oldest    uint64                // guarded by mu; meaningless while entries is empty
	sizeBytes int                   // guarded by mu
}

// NewCache makes an empty cache over a log.
func NewCache(log *Log) *Cache {
	return &Cache{Log: log, entries: map[uint64]*hraft.Log{}}
}

// GetLog implements hraft.LogStore.
func (c *Cache) GetLog(index uint64, entry *hraft.Log) error {
	c.mu.RLock()
	cached, found := c.entries[index]
	c.mu.RUnlock()
	if found {
		*entry = *cached
		return nil
	}
	return c.Log.GetLog(index, entry)
}

// StoreLog implements hraft.LogStore.
func (c *Cache) StoreLog(entry *hraft.Log) error { return c.StoreLogs([]*hraft.Log{entry}) }

// StoreLogs implements hraft.LogStore. Only what is durable is cached.
func (c *Cache) StoreLogs(entries []*hraft.Log) error {
	if err := c.Log.StoreLogs(entries); err != nil {
		c.forget() // what is on disk is not known now
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, entry := range entries {
		c.addLocked(entry)
	}
	return nil
}

// DeleteRange implements hraft.LogStore.
func (c *Cache) DeleteRange(low, high uint64) error {
	c.mu.Lock()
	c.forgetRangeLocked(low, high)
	c.mu.Unlock()
	return c.Log.DeleteRange(low, high)
}

// forgetRangeLocked drops a range at either end of the cache; what lies beyond a gap would be of no use. The caller
// holds mu.
func (c *Cache) forgetRangeLocked(low, high uint64) {
	newest := c.oldest + uint64(len(c.entries)) - 1
	switch {
	case len(c.entries) == 0 || high < c.oldest || low > newest:
	case high >= newest: // the tail, overwritten by a new leader
		for index := max(low, c.oldest); index <= newest; index++ {
			c.dropLocked(index)
		}
	case low <= c.oldest: // the head, compacted
		for index := c.oldest; index <= high; index++ {
			c.dropLocked(index)
		}
		c.oldest = high + 1
	default:
		c.forgetLocked()
	}
}

func (c *Cache) dropLocked(index uint64) {
	c.sizeBytes -= len(c.entries[index].Data)
	delete(c.entries, index)
}

func (c *Cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetLocked()
}

func (c *Cache) forgetLocked() {
	clear(c.entries)
	c.sizeBytes = 0
}

// addLocked adds the next entry; one that does not follow the newest begins the cache anew. The caller holds mu.
func (c *Cache) addLocked(entry *hraft.Log) {
	if len(c.entries) > 0 && entry.Index != c.oldest+uint64(len(c.entries)) {
		c.forgetLocked()
	}
	if len(c.entries) == 0 {
		c.oldest = entry.Index
	}
	c.entries[entry.Index] = entry
	c.sizeBytes += len(entry.Data)
	for len(c.entries) > maxCachedEntries || (c.sizeBytes > maxCachedBytes && len(c.entries) > 1) {
		c.dropLocked(c.oldest)
		c.oldest++
	}
}
