package fsm

import (
	"encoding/binary"
)

// entryVersion is the first byte of every log entry.
const entryVersion = 1

// maxEntryCommands bounds the commands of an entry.
const maxEntryCommands = 1 << 16

// Pack frames commands as one log entry: a version, then each command behind its length as an unsigned varint.
func Pack(commands [][]byte) []byte {
	size := 1
	for _, command := range commands {
		size += binary.MaxVarintLen32 + len(command)
	}
	entry := append(make([]byte, 0, size), entryVersion)
	for _, command := range commands {
		entry = binary.AppendUvarint(entry, uint64(len(command)))
		entry = append(entry, command...)
	}
	return entry
}

// Unpack takes an entry apart. The commands share memory with it. Errors wrap ErrMalformed.
func Unpack(entry []byte) ([][]byte, error) {
	if len(entry) == 0 {
		return nil, malformed("an empty entry")
	}
	if entry[0] != entryVersion {
		return nil, malformed("entry version %d, this program reads %d", entry[0], entryVersion)
	}
	var commands [][]byte
	for rest := entry[1:]; len(rest) > 0; {
		length, used := binary.Uvarint(rest)
		if used <= 0 || length > uint64(len(rest)-used) {
			return nil, malformed("command %d of an entry runs beyond its end", len(commands))
		}
		if len(commands) == maxEntryCommands {
			return nil, malformed("an entry of more than %d commands", maxEntryCommands)
		}
		end := used + int(length)
		commands = append(commands, rest[used:end:end])
		rest = rest[end:]
	}
	return commands, nil
}
