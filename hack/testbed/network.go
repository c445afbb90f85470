package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
)

// network makes the bridge. Its address is at once that of the node and the
// gateway of the pods, so this machine reaches every pod directly, and nothing
// is forwarded to any other interface: no NAT, no iptables rule.
func (t *testbed) network(ctx context.Context) error {
	if _, err := net.InterfaceByName(bridge); err == nil {
		return nil
	}
	for _, args := range [][]string{
		{"ip", "link", "add", bridge, "type", "bridge"},
		{"ip", "addr", "add", nodeIP + "/20", "dev", bridge},
		{"ip", "link", "set", bridge, "up"},
	} {
		if _, err := command(ctx, nil, nil, args...); err != nil {
			return err
		}
	}
	return nil
}

// removeNetwork deletes the bridge; the pods' ends are gone with their
// namespaces.
func removeNetwork(ctx context.Context) error {
	if _, err := net.InterfaceByName(bridge); err != nil {
		return nil
	}
	_, err := command(ctx, nil, nil, "ip", "link", "delete", bridge)
	return err
}

// cniConfig has no portmap plugin on purpose: host ports would need iptables.
// Nor has it a default route: a pod reaches this bridge and nothing else.
func (t *testbed) cniConfig() error {
	config := fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "ksuite-testbed",
  "plugins": [{
    "type": "bridge", "bridge": %q, "isGateway": true, "ipMasq": false, "hairpinMode": true,
    "ipam": {
      "type": "host-local", "dataDir": %q,
      "ranges": [[{"subnet": %q, "rangeStart": "10.250.0.10", "gateway": %q}]]
    }
  }]
}
`, bridge, filepath.Join(runDir, "ipam"), podSubnet, nodeIP)
	return writeFile(t.path("cni", "10-testbed.conflist"), []byte(config))
}
