package tenancy

import (
	"hash/crc32"
	"math/bits"
)

// alphabet holds the digits of base 62 in ascending order.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// isAlphabet reports whether c is a digit of base 62.
func isAlphabet(c byte) bool {
	return isDigit(c) || isLower(c) || c >= 'A' && c <= 'Z'
}

// allAlphabet reports whether every byte of text is a digit of base 62.
func allAlphabet(text string) bool {
	for i := range len(text) {
		if !isAlphabet(text[i]) {
			return false
		}
	}
	return true
}

// writeBase62 writes the big-endian number into all of digits, left-padded with "0"; what does not fit is
// dropped from the left, so the result is the number modulo 62^len(digits). The number's length is a multiple
// of four bytes; number is used up.
func writeBase62(digits []byte, number []uint32) {
	for at := len(digits) - 1; at >= 0; at-- {
		digits[at] = alphabet[divide62(number)]
	}
}

// divide62 divides the big-endian number by 62 in place and returns the remainder.
func divide62(number []uint32) uint32 {
	remainder := uint32(0)
	for i, word := range number {
		number[i], remainder = bits.Div32(remainder, word, 62)
	}
	return remainder
}

// words reads big-endian bytes, a multiple of four, as big-endian 32-bit words.
func words(data []byte) []uint32 {
	number := make([]uint32, len(data)/4)
	for i := range number {
		at := data[4*i:]
		number[i] = uint32(at[0])<<24 | uint32(at[1])<<16 | uint32(at[2])<<8 | uint32(at[3])
	}
	return number
}

// checksum is the CRC-32 (IEEE) of a text, without copying it.
func checksum(text string) uint32 {
	crc := ^uint32(0)
	for i := range len(text) {
		crc = crc32.IEEETable[byte(crc)^text[i]] ^ crc>>8
	}
	return ^crc
}

// checksumDigits is a checksum in base 62, left-padded.
func checksumDigits(sum uint32) [keyChecksumLength]byte {
	var digits [keyChecksumLength]byte
	for at := len(digits) - 1; at >= 0; at-- {
		digits[at] = alphabet[sum%62]
		sum /= 62
	}
	return digits
}
