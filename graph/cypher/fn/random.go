package fn

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/hivellm/nexus/graph/value"
)

func randomFunctions() []*Function {
	return []*Function{
		define("rand", Float, nil, random, volatile),
		define("randomUUID", Text, nil, randomUUID, volatile),
	}
}

func (c *Context) bits() (uint64, error) {
	if c.Random == nil {
		return 0, fault(ArgumentError, InvalidArgumentValue, "no source of random numbers was given to this statement")
	}
	return c.Random(), nil
}

// random is uniform in [0, 1).
func random(c *Context, _ []value.Value) (value.Value, error) {
	bits, err := c.bits()
	if err != nil {
		return value.Null, err
	}
	return value.Float(float64(bits>>11) / (1 << 53)), nil
}

// randomUUID is a version 4 UUID (RFC 9562, section 5.4).
func randomUUID(c *Context, _ []value.Value) (value.Value, error) {
	high, err := c.bits()
	if err != nil {
		return value.Null, err
	}
	low, err := c.bits()
	if err != nil {
		return value.Null, err
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], low)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return value.String(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), nil
}
