package value

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// DecodeTrusted reads the value that bytes begin with which Decode has accepted before: forms and texts are not checked
// again, and what a query reads most is read without a call. Strings and byte strings alias b, which must never change.
// Bytes that Decode would refuse give an error or another value.
func DecodeTrusted(b []byte) (Value, error) {
	if len(b) == 0 {
		return Null, fault("the end came early")
	}
	switch code := b[0]; {
	case code < 0x80 || code >= 0xe0:
		return Value{kind: KindInt, number: uint64(int64(int8(code)))}, nil
	case code >= 0xa0 && code < 0xc0:
		return trustedText(b, 1, int(code&0x1f))
	case code == 0xd9 && len(b) > 1:
		return trustedText(b, 2, int(b[1]))
	case code == 0xcb && len(b) >= 9:
		return Value{kind: KindFloat, number: binary.BigEndian.Uint64(b[1:])}, nil
	case code == 0xcc && len(b) >= 2:
		return Int(int64(b[1])), nil
	case code == 0xcd && len(b) >= 3:
		return Int(int64(binary.BigEndian.Uint16(b[1:]))), nil
	case code == 0xce && len(b) >= 5:
		return Int(int64(binary.BigEndian.Uint32(b[1:]))), nil
	case code == 0xcf && len(b) >= 9:
		return Int(int64(binary.BigEndian.Uint64(b[1:]) & math.MaxInt64)), nil
	case code == 0xc2 || code == 0xc3:
		return Bool(code == 0xc3), nil
	}
	v, _, err := DecodeAliasing(b)
	return v, err
}

func trustedText(b []byte, from, length int) (Value, error) {
	if len(b)-from < length {
		return Null, fault("the end came early")
	}
	return Value{kind: KindString, number: uint64(length), pointer: unsafe.Pointer(unsafe.SliceData(b[from : from+length]))}, nil
}
