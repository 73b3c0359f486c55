package exec

import "time"

const (
	// longAfter is how long a run keeps its core to itself.
	longAfter = 20 * time.Millisecond
	// turn is how long a longer run goes on at a stretch.
	turn = time.Millisecond
	// rest is what it then leaves to others.
	rest = 50 * time.Microsecond
	// backgroundRest is what work that nobody waits for leaves to others after each turn: three quarters of a core, for
	// several nodes may do it at the same time on one machine.
	backgroundRest = 3 * time.Millisecond
)

// Courtesy keeps a long run from holding a core: it rests for a moment in every turn. Otherwise whoever wakes up on
// that core, a goroutine or a thread of the system, waits for the end of a time slice of about 10 ms, which is many times
// what a single write takes. A run shorter than longAfter pays nothing. The zero Courtesy is at the beginning of a run; it
// belongs to one goroutine.
type Courtesy struct {
	next time.Time     // when it rests again; zero before the first look
	rest time.Duration // 0 stands for the rest of a run that somebody waits for
}

// Background is the courtesy of work that nobody waits for, such as the build of an index.
func Background() Courtesy { return Courtesy{rest: backgroundRest} }

// Offer rests if it is time to.
func (c *Courtesy) Offer() { c.offer(time.Now()) }

func (c *Courtesy) offer(now time.Time) {
	switch {
	case c.next.IsZero():
		c.next = now.Add(longAfter)
	case now.After(c.next):
		pause := max(c.rest, rest)
		leaveCore(pause)
		c.next = now.Add(pause + turn)
	}
}
