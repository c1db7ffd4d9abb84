package service

import (
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

var (
	errPortTaken = errors.New("provided port is already allocated")
	errPortsFull = errors.New("range is full")
)

// portPool hands out node ports. Ports of the lower part of the range (1/32,
// at least 16, at most 128) are picked only when the rest is taken (KEP-3668).
type portPool struct {
	ports  kinds.PortRange
	size   uint64
	static uint64
	taken  map[int32]struct{}
}

func newPortPool(ports kinds.PortRange) *portPool {
	size := uint64(ports.Max-ports.Min) + 1
	return &portPool{
		ports:  ports,
		size:   size,
		static: reserved(size, reservation{min: 16, max: 128, step: 32}),
		taken:  map[int32]struct{}{},
	}
}

func (p *portPool) take(port int32) error {
	if port < p.ports.Min || port > p.ports.Max {
		return fmt.Errorf("provided port is not in the valid range. The range of valid ports is %s", p.ports)
	}
	if _, found := p.taken[port]; found {
		return errPortTaken
	}
	p.taken[port] = struct{}{}
	return nil
}

// next reserves a free port; pick, any number, says where to start looking.
func (p *portPool) next(pick uint64) (int32, error) {
	for _, band := range [][2]uint64{{p.static, p.size}, {0, p.static}} {
		from, span := band[0], band[1]-band[0]
		for i := range span {
			port := p.ports.Min + int32(from+(pick+i)%span)
			if _, found := p.taken[port]; !found {
				p.taken[port] = struct{}{}
				return port, nil
			}
		}
	}
	return 0, errPortsFull
}

func (p *portPool) release(port int32) { delete(p.taken, port) }
