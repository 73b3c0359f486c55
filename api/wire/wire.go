// Package wire frames what nodes say to each other: msgpack, structs as arrays of their fields in order. A new field is
// added at the end, so that a node of the version before skips it. What is stored uses names instead, and not this.
package wire

import (
	"bytes"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Marshal encodes v, a pointer to a struct or a plain value.
func Marshal(v any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := msgpack.GetEncoder()
	defer msgpack.PutEncoder(encoder)
	encoder.Reset(&buffer)
	encoder.UseArrayEncodedStructs(true)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return buffer.Bytes(), nil
}

// Unmarshal decodes what Marshal encoded into v.
func Unmarshal(encoded []byte, v any) error {
	if err := msgpack.Unmarshal(encoded, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}
