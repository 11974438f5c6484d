/* count.c: floating-point operations of a step. A weight gradient costs as much as the forward pass, and so
 * does a data gradient; the first layer's data gradient is left out where nobody uses it. */
#include "gan_dist/step.h"

static double backward_without_input(const gan_net *net)
{
    return 2 * gan_net_forward_flops(net) - gan_net_first_flops(net);
}

double gan_count_d_update(const gan_net *g, const gan_net *d)
{
    return gan_net_forward_flops(g) + 2 * gan_net_forward_flops(d) + 2 * backward_without_input(d);
}

double gan_count_g_update(const gan_net *g, const gan_net *d)
{
    return gan_net_forward_flops(g) + 2 * gan_net_forward_flops(d) + backward_without_input(g);
}

double gan_count_step(const gan_net *g, const gan_net *d, const gan_order *order)
{
    double forward_g = gan_net_forward_flops(g), flops = 0;
    bool stale = true;
    for (int i = 0; i < order->n; i++) {
        gan_op op = order->ops[i];
        if (op == GAN_OP_NOISE) {
            stale = true;
            continue;
        }
        double both = gan_count_d_update(g, d) + gan_count_g_update(g, d) - 2 * forward_g;
        flops += stale ? forward_g : 0;
        if (op == GAN_OP_D)
            flops += gan_count_d_update(g, d) - forward_g;
        else if (op == GAN_OP_G)
            flops += gan_count_g_update(g, d) - forward_g;
        else
            flops += both - gan_net_forward_flops(d); /* D(G(z)) runs once for both */
        stale = op != GAN_OP_D;
    }
    return flops;
}

void gan_count_forwards(int *g, int *d, const gan_order *order)
{
    bool stale = true;
    *g = *d = 0;
    for (int i = 0; i < order->n; i++) {
        gan_op op = order->ops[i];
        if (op != GAN_OP_NOISE) {
            *g += stale;
            *d += op == GAN_OP_G ? 1 : 2;
        }
        stale = op != GAN_OP_D;
    }
}
