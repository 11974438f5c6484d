/* needy.c: a module that needs a library which is not there (GAN_GONE: that library). */
int gan_gone(void);
int gan_cuda_needy(void);

#ifdef GAN_GONE
int gan_gone(void)
{
    return 1;
}
#else
int gan_cuda_needy(void)
{
    return gan_gone();
}
#endif
