gan_test(out gan_out)
