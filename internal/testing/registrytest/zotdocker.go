package registrytest

import "context"

// findZotInDocker finds an engine with the image that OCI_TEST_ZOT_IMAGE names, by
// default that of the tested release. The entry point of the image is zot.
func findZotInDocker(ctx context.Context, s settings) (*Source, error) {
	engine, err := findDocker(ctx)
	if err != nil {
		return nil, err
	}
	if err := engine.requireImage(ctx, s.zotImage, s.pull); err != nil {
		return nil, err
	}
	return &Source{
		Version: engine.imageVersion(ctx, s.zotImage),
		start: func(ctx context.Context, setup Setup) (*Instance, error) {
			if err := engine.reap(ctx); err != nil {
				return nil, err
			}
			return engine.contain(ctx, zot, s.zotImage, setup, nil)
		},
	}, nil
}
