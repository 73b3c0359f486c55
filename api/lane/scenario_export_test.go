package lane

// Queued returns how many writes wait in a place's lane: those of the batch in flight do not.
func (l *Lanes) Queued(place Place) int {
	l.mu.Lock()
	one := l.lanes[place]
	l.mu.Unlock()
	if one == nil {
		return 0
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return len(one.queue)
}
