gan_test(optim gan_optim gan_backend)
