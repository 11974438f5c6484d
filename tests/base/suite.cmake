gan_test(base gan_base)
