package fsm

// NextMark makes the DigestMark that a leader proposes: its digests, at most MaxMarkDigests of them, from a position on
// that the last mark gave (0 at first), so that marks go round all databases.
func (m *Machine) NextMark(h Header, from int) (mark *DigestMark, next int) {
	_, list := m.Digests()
	if from >= len(list) {
		from = 0
	}
	end := min(len(list), from+MaxMarkDigests)
	mark = &DigestMark{Header: h}
	for _, d := range list[from:end] {
		mark.Digests = append(mark.Digests, StampedDigest{
			Tenant: d.Tenant, Database: d.Database, Stamp: d.Meta.Stamp, Digest: d.Meta.Digest,
		})
	}
	return mark, end
}
