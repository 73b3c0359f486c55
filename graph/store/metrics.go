package store

// Metrics are figures of a store for who watches it.
type Metrics struct {
	// DiskBytes is what its files take on disk.
	DiskBytes uint64
	// MemTableBytes is what waits in memory to be flushed, CacheBytes what the block cache holds.
	MemTableBytes, CacheBytes uint64
	// Flushes and Compactions count since the store was opened; CompactingBytes is under way.
	Flushes, Compactions int64
	CompactingBytes      int64
	// ReadAmplification is how many sorted runs a read may look into.
	ReadAmplification int
}

// Metrics returns the figures of now. Safe for concurrent use.
func (s *Store) Metrics() Metrics {
	m := s.db.Metrics()
	return Metrics{
		DiskBytes:         m.DiskSpaceUsage(),
		MemTableBytes:     m.MemTable.Size,
		CacheBytes:        uint64(max(0, m.BlockCache.Size)),
		Flushes:           m.Flush.Count,
		Compactions:       m.Compact.Count,
		CompactingBytes:   m.Compact.InProgressBytes,
		ReadAmplification: m.ReadAmp(),
	}
}
