package main

import "fmt"

// The exit codes. The table in rootLong is their documentation.
const (
	exitOK          = 0
	exitInternal    = 1
	exitUsage       = 2
	exitFailure     = 3
	exitWarnings    = 4
	exitPartial     = 5
	exitInterrupted = 130
)

// outcome ends a command that did its work with a code other than 0. It has
// said everything already, so nothing more is printed.
type outcome struct{ code int }

func (o *outcome) Error() string { return fmt.Sprintf("exit code %d", o.code) }

// exit returns nil for exitOK and an outcome for every other code.
func exit(code int) error {
	if code == exitOK {
		return nil
	}
	return &outcome{code}
}

// usageError is a wrong command line.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}
