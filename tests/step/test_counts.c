/* Parameters and floating-point operations of every preset, to the unit. A preset without a row fails.
 *
 * Counting: a multiply-add is 2 operations; padding and the cropped edge of
 * a transposed convolution count; batch norm, activations and losses do not;
 * a backward pass to weights costs a forward pass, one to inputs too, but for a first layer.
 * G and D are forward passes per picture, first is G's or D's first layer with weights.
 *   D update = G + 2 D + 2 (2 D - first of D)      G update = G + 2 D + (2 G - first of G) */
#include <string.h>

#include "tiny.h"

typedef struct row {
    const char *preset;
    size_t params_g, params_d;
    double forward_g, forward_d, update_d, update_g;
    double
        step; /* as executed: with the forward passes of G that a step's order makes unnecessary left out */
} row;

/* The published systems: counted from their original sources, which the preset files name, layer by layer;
 * `step` is written as that count less the work not done here.
 *
 * dcgan64, PyTorch's DCGAN example (3,576,704 and 2,765,568 parameters, as PyTorch counts), multiply-adds:
 *   G  512*100*16 + 3 * 33,554,432 + 32*32*16*64*3
 *   D  32*32*16*3*64 + 3 * 33,554,432 + 16*512
 * quickstart, multiply-adds:
 *   G  64*4608 + 36*16*128*64 + 144*16*64*32 + 576*16*32*3
 *   D  576*16*3*32 + 144*16*32*64 + 36*16*64*128 + 4608 */
static const row rows[] = {
    {"gan-mnist", 6640193, 6559169, 26218496, 26093568, 181977088, 130715648, 312692736.0 - 26218496},
    {"mlp-mnist", 114064, 100609, 226304, 200960, 1030656, 1055232, 2085888},
    /* The original also computes D's weight gradients in its G step and throws them away: 2,730,442,752. */
    {"anime96", 3578438, 2767424, 212795392, 211173376, 1460174848, 1059094528, 2519269376},
    {"dcgan32-mnist", 464193, 1079490, 13926400, 20074496, 133554176, 81518592, 181071872},
    /* The original's three forward passes for the log after its updates are left out. */
    {"cdcgan-mnist", 7065211, 3769479, 57824976, 12441696, 130103552, 198133040, 526369632.0 - 57824976},
    {"dcgan48-anime", 4773379, 4312961, 183398400, 182486016, 1267255296, 914245632,
     3095746560.0 - 183398400},
    {"dcgan64", 3576704, 2765568, 2 * 104628224.0, 2 * 103817216.0,
     2 * (104628224.0 + 6 * 103817216.0 - 2 * 3145728.0), 2 * (3 * 104628224.0 + 2 * 103817216.0 - 819200.0),
     2 * (3 * 104628224.0 + 8 * 103817216.0 - 2 * 3145728.0 - 819200.0)},
    {"quickstart",
     64 * 4608 + 4608 + 2 * 128 + 16 * 128 * 64 + 64 + 2 * 64 + 16 * 64 * 32 + 32 + 2 * 32 + 16 * 32 * 3 + 3,
     16 * 3 * 32 + 32 + 16 * 32 * 64 + 64 + 2 * 64 + 16 * 64 * 128 + 128 + 2 * 128 + 4608 + 1, 2 * 10616832.0,
     2 * 10326528.0, 2 * (10616832.0 + 6 * 10326528.0 - 2 * 884736.0),
     2 * (3 * 10616832.0 + 2 * 10326528.0 - 294912.0),
     2 * (3 * 10616832.0 + 8 * 10326528.0 - 2 * 884736.0 - 294912.0)},
};

static const row *find_row(const char *preset)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].preset, preset) == 0)
            return &rows[i];
    return NULL;
}

static void assert_count(const char *preset, const char *what, double found, double expected)
{
    if (found != expected)
        fail_msg("%s: %s is %.0f, not %.0f", preset, what, found, expected);
}

static void check_preset(const row *r)
{
    static gan_config config;
    gan_net *g, *d;
    gan_order order;
    gan_config_defaults(&config);
    assert_int_equal(gan_config_apply_preset(&config, r->preset), GAN_OK);
    assert_int_equal(gan_order_parse(&order, config.order), GAN_OK);
    gan_net_spec spec = {.name = "generator",
                         .config = &config.generator,
                         .input = {1, 1, config.noise_dim},
                         .classes = config.classes,
                         .shard_pictures = 8,
                         .n_local = 1,
                         .n_global = 1,
                         .passes = 1};
    assert_int_equal(gan_net_parse(&g, &spec), GAN_OK);
    spec.name = "discriminator";
    spec.config = &config.discriminator;
    spec.input = gan_net_output_shape(g);
    assert_int_equal(gan_net_parse(&d, &spec), GAN_OK);
    assert_count(r->preset, "G's parameters", (double)gan_net_trainable(g), (double)r->params_g);
    assert_count(r->preset, "D's parameters", (double)gan_net_trainable(d), (double)r->params_d);
    assert_count(r->preset, "G's forward pass", gan_net_forward_flops(g), r->forward_g);
    assert_count(r->preset, "D's forward pass", gan_net_forward_flops(d), r->forward_d);
    assert_count(r->preset, "an update of D", gan_count_d_update(g, d), r->update_d);
    assert_count(r->preset, "an update of G", gan_count_g_update(g, d), r->update_g);
    assert_count(r->preset, "a step", gan_count_step(g, d, &order), r->step);
    gan_net_destroy(g);
    gan_net_destroy(d);
}

static void every_preset_has_its_counts(void **state)
{
    (void)state;
    const char *name;
    size_t i = 0;
    for (; (name = gan_preset_name(i)); i++) {
        const row *r = find_row(name);
        if (!r)
            fail_msg("preset '%s' has no row in test_counts.c", name);
        check_preset(r);
    }
    assert_int_equal(i, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preset_has_its_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
