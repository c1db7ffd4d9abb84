// The names are a contract with Submariner's installations: fixed examples.
package v1_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

func TestInternalServiceName(t *testing.T) {
	assert.Equal(t, "submariner-lpq6zr4tl4o5qvrv2t7o3l3gawkagast", v1.InternalServiceName("nginx"))
	assert.Equal(t, "submariner-vui6efiepwvd4jr4b7gjvmuicpviuwqg", v1.InternalServiceName("rook-ceph-osd-1"))
}
