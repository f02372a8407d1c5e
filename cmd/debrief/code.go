package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"debrief/codes"
)

func newCode() *cobra.Command {
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "code CODE...",
		Short: "Explain error codes in any spelling",
		Long: `Explain error codes. A code may be written as hex (0x80072ee7, 80072EE7), signed
or unsigned decimal (-2147012889, 2147954407) or by its symbol. Words that are
no code are looked up in the dictionary's symbols and meanings. A code that
starts with "-" stands behind "--".`,
		Example: "  debrief code 0x800705b4 2147943860\n  debrief code -- -2147023436\n  debrief code certificate revoked",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			found, err := findCodes(args)
			if err != nil {
				return err
			}
			return out.write(cmd, func(w io.Writer) error {
				if out.format == "json" {
					enc := json.NewEncoder(w)
					enc.SetIndent("", "  ")
					enc.SetEscapeHTML(false)
					return enc.Encode(jsonCodes(found))
				}
				return printCodes(w, found)
			})
		},
	}
	out.add(cmd, "text", "json")
	return cmd
}

// findCodes reads each argument as a code; where none is one, all of them are
// words to search for.
func findCodes(args []string) ([]codes.Code, error) {
	var found []codes.Code
	var failed []string
	for _, a := range args {
		v, err := codes.Parse(a)
		if err != nil {
			failed = append(failed, a)
			continue
		}
		found = append(found, codes.Describe(v))
	}
	if len(failed) == 0 {
		return found, nil
	}
	if len(found) == 0 {
		if found = codes.Search(strings.Join(args, " ")); len(found) > 0 {
			return found, nil
		}
	}
	return nil, usagef("%q is neither an error code nor a word of the dictionary", failed[0])
}

func printCodes(w io.Writer, found []codes.Code) error {
	for i, c := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %s\n", codes.Hex(c.Value), orUnknown(c.Symbol))
		fmt.Fprintf(w, "  decimal   %d unsigned, %d signed\n", c.Value, int32(c.Value))
		for _, l := range []struct{ label, text string }{
			{"area", c.Area}, {"meaning", c.Meaning}, {"cause", c.Cause}, {"remedy", c.Remedy}, {"source", codeSource(c)},
		} {
			if l.text != "" {
				fmt.Fprintf(w, "  %-9s %s\n", l.label, l.text)
			}
		}
	}
	return nil
}

func orUnknown(symbol string) string {
	if symbol == "" {
		return "(no symbol known)"
	}
	return symbol
}

func codeSource(c codes.Code) string {
	switch {
	case c.Derived:
		return "decoded by the rule of its family"
	case !c.Verified && c.Source != "":
		return c.Source + " (not confirmed by a public source)"
	case !c.Verified:
		return "not confirmed by a public source"
	}
	return c.Source
}

type jsonCode struct {
	Hex      string `json:"hex"`
	Unsigned uint32 `json:"unsigned"`
	Signed   int32  `json:"signed"`
	Symbol   string `json:"symbol,omitempty"`
	Area     string `json:"area,omitempty"`
	Meaning  string `json:"meaning,omitempty"`
	Cause    string `json:"cause,omitempty"`
	Remedy   string `json:"remedy,omitempty"`
	Source   string `json:"source,omitempty"`
	Verified bool   `json:"verified"`
	Derived  bool   `json:"derived,omitempty"`
}

func jsonCodes(found []codes.Code) []jsonCode {
	out := make([]jsonCode, len(found))
	for i, c := range found {
		out[i] = jsonCode{codes.Hex(c.Value), c.Value, int32(c.Value), c.Symbol, c.Area, c.Meaning, c.Cause, c.Remedy, c.Source, c.Verified, c.Derived}
	}
	return out
}
