package main

import "context"

// Images of registries, laid out as the official ones of distribution are, with
// busybox as their Alpine has it. The bare one has nothing beside the program.
const (
	registry2Image    = "testbed.local/registry:2"
	registry3Image    = "testbed.local/registry:3"
	registryBareImage = "testbed.local/registry-bare:3"
)

// registryEntry puts the program before a configuration file, as the official images'
// script does it.
const registryEntry = `#!/bin/sh
set -e
case "$1" in
*.yaml | *.yml) set -- registry serve "$@" ;;
serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
`

const registryConfig = `version: 0.1
log:
  fields: {service: registry}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: /var/lib/registry}
http:
  addr: :5000
  headers: {X-Content-Type-Options: [nosniff]}
health:
  storagedriver: {enabled: true, interval: 10s, threshold: 3}
`

// registryImages is version 2 from Debian, and version 3 as hack/programs builds it.
func (t *testbed) registryImages(ctx context.Context) []imageSpec {
	const config2, config3 = "/etc/docker/registry/config.yml", "/etc/distribution/config.yml"
	two := serverFiles(ctx, "/usr/bin/docker-registry")
	two.link("bin/registry", "/usr/bin/docker-registry")
	three := busyboxFiles(ctx)
	three.copy(t.Bin["registry"], "bin/registry")
	for files, config := range map[*rootfs]string{two: config2, three: config3} {
		files.file("entrypoint.sh", 0o755, []byte(registryEntry))
		files.file(config[1:], 0o644, []byte(registryConfig))
		files.dir("var/lib/registry", 0o755)
	}
	bare := appFiles(t.Bin["registry"], "registry")
	bare.file(config3[1:], 0o644, []byte(registryConfig))
	bare.dir("var/lib/registry", 0o755)
	quiet := append([]string{"OTEL_TRACES_EXPORTER=none"}, containerPath...)
	image := func(name string, files *rootfs, env []string, entry string, cmd ...string) imageSpec {
		return imageSpec{name, files, imageConfig{Env: env, Entrypoint: []string{entry}, Cmd: cmd, ExposedPorts: port("5000")}}
	}
	return []imageSpec{
		image(registry2Image, two, containerPath, "/entrypoint.sh", config2),
		image(registry3Image, three, quiet, "/entrypoint.sh", config3),
		image(registryBareImage, bare, quiet, "/registry", "serve", config3),
	}
}
