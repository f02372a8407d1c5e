package index

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// errOtherContent: a file's content is not what its hash says.
var errOtherContent = errors.New("the content has another SHA-256 than was said")

// hashOf is the lower-case hex SHA-256.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
