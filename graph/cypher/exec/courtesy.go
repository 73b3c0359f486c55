package exec

import "time"

const (
	// longAfter is how long a run keeps its core to itself.
	longAfter = 20 * time.Millisecond
	// turn is how long a longer run goes on at a stretch.
	turn = time.Millisecond
	// rest is what it then leaves to others.
	rest = 50 * time.Microsecond
	// backgroundTurn and backgroundRest are those of work that nobody waits for: it takes a twelfth of a core, for all nodes
	// of a cluster may do it at the same time on one machine.
	backgroundTurn = 500 * time.Microsecond
	backgroundRest = 5500 * time.Microsecond
)

// Courtesy keeps a long run from holding a core: it rests for a moment in every turn. Otherwise whoever wakes up on
// that core, a goroutine or a thread of the system, waits for the end of a time slice of about 10 ms, which is many times
// what a single write takes. A run shorter than longAfter pays nothing. The zero Courtesy is at the beginning of a run; it
// belongs to one goroutine.
type Courtesy struct {
	next       time.Time // when it rests again; zero before the first look
	background bool
}

// Background is the courtesy of work that nobody waits for, such as the build of an index.
func Background() Courtesy { return Courtesy{background: true} }

// Offer rests if it is time to.
func (c *Courtesy) Offer() { c.offer(time.Now()) }

func (c *Courtesy) offer(now time.Time) {
	switch {
	case c.next.IsZero() && c.background:
		c.next = now.Add(backgroundTurn)
	case c.next.IsZero():
		c.next = now.Add(longAfter)
	case now.After(c.next) && c.background:
		time.Sleep(backgroundRest) // long enough to give the processor back to Go besides
		c.next = time.Now().Add(backgroundTurn)
	case now.After(c.next):
		leaveCore(rest)
		c.next = now.Add(rest + turn)
	}
}
