package main

import (
	"fmt"

	"sigs.k8s.io/knftables"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/controller/nft"
)

// What --data-path may be.
const (
	dataPathNone     = "none"
	dataPathNFTables = "nftables"
)

func newDataPath(name string, at places) (controller.DataPath, error) {
	switch name {
	case dataPathNone:
		return nil, nil
	case dataPathNFTables:
		table, err := knftables.New(knftables.IPv4Family, nft.Table)
		if err != nil {
			return nil, fmt.Errorf("--data-path nftables: %w (is nft installed, and may this process change the packet filter?)", err)
		}

		return nft.New(table), nil
	}

	return nil, fmt.Errorf("%s %q: use %s or %s", at.named("data-path"), name, dataPathNFTables, dataPathNone)
}
