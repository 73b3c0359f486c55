package parse

// kind is what a token is: a punctuation byte as itself, or one of the constants.
type kind uint8

const (
	kindEnd        kind = iota // the end of the text
	kindBad                    // a piece that is no token; the lexer's error says why
	kindName                   // an identifier or keyword
	kindQuoted                 // an identifier in backticks
	kindInteger                // decimal, 0x or 0o
	kindFloat                  //
	kindString                 //
	kindParameter              // $name
	kindDotDot                 // ..
	kindPlusEqual              // +=
	kindNotEqual               // <>
	kindLessEqual              // <=
	kindMoreEqual              // >=
	kindMatches                // =~
	kindDash                   // a dash other than '-', allowed in patterns only
	kindLeftArrow              // an arrow head other than '<', allowed in patterns only
	kindRightArrow             // an arrow head other than '>', allowed in patterns only
	// Punctuation starts at '!' = 33, above all of these.
)

// token is one piece of the text; start and end are byte offsets.
type token struct {
	kind    kind
	keyword keyword
	start   int32
	end     int32
}
