package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"debrief/event"
	"debrief/index"
	"debrief/pipeline"
	"debrief/redact"
)

// redactFlags are the flags of commands whose output may be shared.
type redactFlags struct {
	on      bool
	key     string
	cmd     *cobra.Command
	sharing []string // the formats that are redacted unless the flag says otherwise
}

func (f *redactFlags) add(cmd *cobra.Command, sharing ...string) {
	f.cmd, f.sharing = cmd, sharing
	usage := "replace names of users, devices and tenants, serials, addresses and SIDs by stand-ins"
	if len(sharing) > 0 {
		usage += "; the default for " + strings.Join(sharing, ", ") + ", which --redact=false turns off"
	}
	cmd.Flags().BoolVar(&f.on, "redact", false, usage)
	cmd.Flags().StringVar(&f.key, "redact-key", "", "`FILE` with the key of the stand-ins, made if it is not there: outputs with one key share their stand-ins")
}

// redactor makes the redactor for an output in the given format, which has
// learnt from all cases; nil = nothing is to be replaced.
func (f *redactFlags) redactor(format string, cases ...*pipeline.Case) (*redact.Redactor, error) {
	on := f.on
	if !f.cmd.Flags().Changed("redact") {
		on = f.key != "" || slices.Contains(f.sharing, format)
	}
	if !on {
		if f.key != "" {
			return nil, usagef("--redact-key has no use with --redact=false")
		}
		return nil, nil
	}
	var key []byte
	if f.key != "" {
		var err error
		if key, err = readKey(f.key); err != nil {
			return nil, err
		}
	}
	r, err := redact.New(key)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		c.Identify(r)
	}
	return r, nil
}

// readKey reads a key in hexadecimal, or makes one where the file is not there.
// Who has the key can find out whether a value that he guesses has a stand-in:
// only its owner may read the file.
func readKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key, err := redact.NewKey()
		if err != nil {
			return nil, err
		}
		out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, fmt.Errorf("making the key file: %w", err)
		}
		_, err = fmt.Fprintln(out, hex.EncodeToString(key))
		if err = errors.Join(err, out.Close()); err != nil {
			return nil, fmt.Errorf("making the key file: %w", err)
		}
		return key, nil
	}
	if err != nil {
		return nil, usagef("reading the key: %v", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != redact.KeyBytes {
		return nil, usagef("%q holds no key: it takes %d hexadecimal digits", file, 2*redact.KeyBytes)
	}
	return key, nil
}

// identifyArchived teaches a redactor what identifies an archived case.
func identifyArchived(re *redact.Redactor, r index.Reader, id index.CaseID) error {
	c, err := r.Case(id)
	if err != nil {
		return err
	}
	events, err := r.Events(id)
	if err != nil {
		return err
	}
	facts, err := r.Facts(id)
	if err != nil {
		return err
	}
	coverage, err := r.Coverage(id)
	if err != nil {
		return err
	}
	re.Learn(redact.Device, c.Device)
	re.Learn(redact.Serial, c.Serial)
	pipeline.IdentifyIn(re, event.All(events), coverage, facts)
	return nil
}
