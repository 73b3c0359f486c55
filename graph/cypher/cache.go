package cypher

import (
	"container/list"
	"sync"
)

// queryOverheadBytes is what a prepared query with its plans is taken to weigh beside its text, and perTextByte for each
// byte of it.
const (
	queryOverheadBytes = 8 << 10
	perTextByte        = 128
)

// Cache keeps prepared queries, the least recently used going first, under a bound of estimated bytes. Safe for any
// number of goroutines.
type Cache struct {
	maxBytes int64

	mu      sync.Mutex // guards all below
	bytes   int64
	entries map[string]*list.Element
	order   *list.List // front = used last; elements are *Query
}

// NewCache makes a cache that holds about maxBytes; 0 or less keeps nothing.
func NewCache(maxBytes int64) *Cache {
	return &Cache{maxBytes: maxBytes, entries: map[string]*list.Element{}, order: list.New()}
}

// Prepare is the package's Prepare, remembered. Texts that fail are not kept.
func (c *Cache) Prepare(text string) (*Query, error) {
	if q := c.find(text); q != nil {
		return q, nil
	}
	q, err := Prepare(text)
	if err != nil {
		return nil, err
	}
	c.keep(q)
	return q, nil
}

// Len returns how many queries are kept.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

func (c *Cache) find(text string) *Query {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[text]
	if !ok {
		return nil
	}
	c.order.MoveToFront(element)
	return element.Value.(*Query)
}

func (c *Cache) keep(q *Query) {
	size := weight(q)
	if size > c.maxBytes {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[q.Text()]; ok {
		return
	}
	c.entries[q.Text()] = c.order.PushFront(q)
	for c.bytes += size; c.bytes > c.maxBytes; {
		last := c.order.Back()
		old := c.order.Remove(last).(*Query)
		delete(c.entries, old.Text())
		c.bytes -= weight(old)
	}
}

func weight(q *Query) int64 { return queryOverheadBytes + perTextByte*int64(len(q.Text())) }
